"""What a venue spends on SMS, and how its messages read."""

from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.core.i18n import LANGUAGES
from portal.sms import budgets, texts
from portal.sms.budgets import State
from portal.staff import journal
from portal.venues.models import Venue
from portal.venues.settings import edit_budgets
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.limits import BudgetForm, TestSmsForm, stored_budget
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@dataclass(frozen=True)
class Trial:
    """What trying the account came to: in words, and whether it is well. Nothing was tried where there are no words."""

    form: TestSmsForm
    said: str = ""
    well: bool = True


@bp.get("/venues/<code>/sms", endpoint="sms")
@allow("owner")
def sms_form(code: str) -> str:
    """Spent today, budgets, alarms, and both templates counted."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        state = budgets.state(db, venue, parts().clock())
    return page(BudgetForm(data=stored_budget(venue)), venue, state)


@bp.post("/venues/<code>/sms")
@allow("owner")
def save_sms(code: str) -> Response | tuple[str, int]:
    """New budgets, in force at once."""
    form, now = BudgetForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not form.validate():
            return page(form, venue, budgets.state(db, venue, now)), 422
        edit_budgets(db, venue, **form.values())
        journal.write(db, me(), "sms.edit", venue.code, now)
    flash(_("Saved."))
    return redirect(url_for("dashboard.sms", code=code), 303)


@bp.post("/venues/<code>/sms/<path>/resume")
@allow("owner")
def resume_sms(code: str, path: str) -> Response:
    """End an automatic stop of one path."""
    if path not in budgets.PATHS:
        abort(404)
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        budgets.open_again(db, venue, path, now)
        journal.write(db, me(), "sms.resume", f"{venue.code} {path}", now)
    flash(_("SMS go on. The count of used codes begins anew."))
    return redirect(url_for("dashboard.sms", code=code), 303)


def page(form: BudgetForm, venue: Venue, state: State, trial: Trial | None = None) -> str:
    """The screen; `trial` is what trying the account came to."""
    base_url = parts().settings.base_url
    previews = [(language, preview) for language in LANGUAGES for preview in texts.preview(language, base_url)]
    return render_template(
        "dashboard/sms.html",
        form=form,
        venue=venue,
        state=state,
        previews=previews,
        trial=trial or Trial(TestSmsForm(formdata=None)),
    )
