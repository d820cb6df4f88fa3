"""The legal entity behind a venue: who the guest's consents are given to."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.staff import journal
from portal.venues.settings import edit_entity
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.operator import OperatorForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/venues/<code>/operator", endpoint="operator")
@allow("owner")
def operator_form(code: str) -> str:
    """What the documents say of the operator."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
    return render_template("dashboard/operator.html", form=OperatorForm(obj=venue.legal_entity), venue=venue)


@bp.post("/venues/<code>/operator")
@allow("owner")
def save_operator(code: str) -> Response | tuple[str, int]:
    """Keep it; published documents keep what they said."""
    form, now = OperatorForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not form.validate():
            return render_template("dashboard/operator.html", form=form, venue=venue), 422
        edit_entity(db, venue.legal_entity, **form.values())
        journal.write(db, me(), "operator.edit", venue.code, now)
    flash(_("Saved. Make new versions of documents that name the old facts."))
    return redirect(url_for("dashboard.operator", code=code), 303)
