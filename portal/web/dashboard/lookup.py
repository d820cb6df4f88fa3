"""Did the SMS reach this guest? Delivery state only, for whoever stands at the table with them."""

from flask import render_template
from flask_babel import gettext as _

from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.sms import history
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.staff_work import LookupForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/lookup", endpoint="lookup")
@allow("staff")
def lookup_form() -> str:
    """An empty form."""
    return render_template("dashboard/lookup.html", form=LookupForm(), phone=None)


@bp.post("/lookup")
@allow("staff")
def look_up() -> str | tuple[str, int]:
    """The last messages to a number at the venues in sight; that it was asked is written down, under a mask."""
    form, now = LookupForm(), parts().clock()
    if not form.validate():
        return render_template("dashboard/lookup.html", form=form, phone=None), 422
    with parts().database.writing() as db:
        venues = {venue.id: venue for venue in scope.venues(db, me())}
        phone = _read(form, list(venues.values()))
        if phone is None:
            return render_template("dashboard/lookup.html", form=form, phone=None), 422
        rows = history.latest_to(db, phone.e164, list(venues), now)
        journal.write(db, me(), "lookup", phone.masked, now)
    return render_template("dashboard/lookup.html", form=LookupForm(formdata=None), phone=phone.masked, rows=rows, venues=venues)


def _read(form: LookupForm, venues: list[Venue]) -> Phone | None:
    regions = tuple(sorted({region for venue in venues for region in venue.regions})) or ("RU",)
    try:
        return parse_phone(form.phone.data, regions)
    except PhoneRefused:
        form.phone.errors = [_("This is not a mobile number that we send SMS to. Check every digit.")]
        return None
