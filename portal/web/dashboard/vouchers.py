"""Internet by staff's word, where SMS do not reach a guest."""

from flask import abort, render_template
from werkzeug.wrappers import Response

from portal.access import vouchers
from portal.access.vouchers import LIFETIME
from portal.staff import journal, scope
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.staff_work import VoucherForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/vouchers", endpoint="vouchers")
@allow("staff")
def voucher_form() -> str:
    """A button, where a venue has vouchers switched on."""
    with parts().database.reading() as db:
        form = _form(scope.venues(db, me()))
    return render_template("dashboard/vouchers.html", form=form, code=None)


@bp.post("/vouchers")
@allow("staff")
def make_voucher() -> str | Response | tuple[str, int]:
    """Make one; its code is in this answer and nowhere else."""
    now = parts().clock()
    with parts().database.writing() as db:
        form = _form(scope.venues(db, me()))
        if not form.validate():
            return render_template("dashboard/vouchers.html", form=form, code=None), 422
        venue = own_venue(db, form.venue.data)
        if not venue.vouchers:
            abort(404)
        code = vouchers.make(db, parts().settings.keys, venue, me().name, now)
        journal.write(db, me(), "voucher", venue.code, now)
    shown = f"{code[:5]} {code[5:]}"
    return render_template("dashboard/vouchers.html", form=form, code=shown, venue=venue, until=now + LIFETIME)


def _form(venues: list) -> VoucherForm:
    form = VoucherForm()
    form.venue.choices = [(venue.code, venue.name) for venue in venues if venue.vouchers]
    return form
