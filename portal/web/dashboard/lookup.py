"""Did the SMS reach this guest, did the Wi-Fi open? State only, for whoever stands at the table with them."""

from flask import render_template
from flask_babel import gettext as _

from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.signup import staff_view
from portal.sms import history
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.staff_work import LookupForm, NumberForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/lookup", endpoint="lookup")
@allow("staff")
def lookup_form() -> str:
    """An empty form."""
    return render_template("dashboard/lookup.html", form=LookupForm(), numbered=NumberForm(), phone=None)


@bp.post("/lookup")
@allow("staff")
def look_up() -> str | tuple[str, int]:
    """The last messages to a number at the venues in sight; that it was asked is written down, under a mask."""
    form, now = LookupForm(), parts().clock()
    if not form.validate():
        return render_template("dashboard/lookup.html", form=form, numbered=NumberForm(formdata=None), phone=None), 422
    with parts().database.writing() as db:
        venues = {venue.id: venue for venue in scope.venues(db, me())}
        phone = _read(form, list(venues.values()))
        if phone is None:
            return render_template("dashboard/lookup.html", form=form, numbered=NumberForm(formdata=None), phone=None), 422
        rows = history.latest_to(db, phone.e164, list(venues), now)
        journal.write(db, me(), "lookup", phone.masked, now)
    forms = {"form": LookupForm(formdata=None), "numbered": NumberForm(formdata=None)}
    return render_template("dashboard/lookup.html", **forms, phone=phone.masked, rows=rows, venues=venues)


@bp.post("/lookup/number")
@allow("staff")
def look_up_number() -> str | tuple[str, int]:
    """How far the visits with this number went, at the venues in sight. The number says nothing of who it is."""
    form, now, empty = NumberForm(), parts().clock(), LookupForm(formdata=None)
    if not form.validate():
        return render_template("dashboard/lookup.html", form=empty, numbered=form, phone=None), 422
    with parts().database.writing() as db:
        venues = {venue.id: venue for venue in scope.venues(db, me())}
        found = staff_view.by_check_number(db, form.number.data, list(venues), now)
        number = staff_view.check_number(form.number.data)
        journal.write(db, me(), "lookup.number", number, now)
    shown = {"number": number, "visits": found, "venues": venues}
    return render_template("dashboard/lookup.html", form=empty, numbered=NumberForm(formdata=None), phone=None, **shown)


def _read(form: LookupForm, venues: list[Venue]) -> Phone | None:
    regions = tuple(sorted({region for venue in venues for region in venue.regions})) or ("RU",)
    try:
        return parse_phone(form.phone.data, regions)
    except PhoneRefused:
        form.phone.errors = [_("This is not a mobile number that we send SMS to. Check every digit.")]
        return None
