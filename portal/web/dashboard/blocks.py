"""Numbers and devices that the Wi-Fi refuses, by the word of the staff."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.access import blocks
from portal.access.models import AccessBlock
from portal.core.errors import PortalError
from portal.core.mac import Mac, parse_mac
from portal.core.phone import Phone, PhoneRefused, parse_phone, phone_from_e164
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.staff_work import BlockForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/blocks", endpoint="blocks")
@allow("staff")
def list_blocks() -> str:
    """What is blocked at the legal entities in sight, and a form for one more."""
    with parts().database.reading() as db:
        return _page(db, BlockForm())


@bp.post("/blocks")
@allow("staff")
def add_block() -> Response | tuple[str, int]:
    """Block a number, a device or both at every venue of the legal entity, and put them offline."""
    form, now = BlockForm(), parts().clock()
    with parts().database.writing() as db:
        form.venue.choices = _choices(scope.venues(db, me()))
        if not form.validate():
            return _page(db, form), 422
        venue = own_venue(db, form.venue.data)
        phone, mac = _read(form, venue)
        if form.phone.errors or form.mac.errors:
            return _page(db, form), 422
        blocks.block(db, venue.legal_entity, phone=phone, mac=mac, reason=form.reason.data, staff_name=me().name, now=now)
        journal.write(db, me(), "access.block", phone.masked if phone else _tail(mac), now)
    flash(_("Blocked. Its devices go offline within a minute."))
    return redirect(url_for("dashboard.blocks"), 303)


@bp.post("/blocks/<int:block_id>/end")
@allow("staff")
def end_block(block_id: int) -> Response:
    """Take a block back; another tenant's answers as one that does not exist."""
    now = parts().clock()
    with parts().database.writing() as db:
        try:
            ended = blocks.unblock(db, _entities(scope.venues(db, me())), block_id, now)
        except PortalError:
            abort(404)
        journal.write(db, me(), "access.unblock", _subject(ended), now)
    flash(_("The block is taken back."))
    return redirect(url_for("dashboard.blocks"), 303)


def _page(db: Session, form: BlockForm) -> str:
    venues = scope.venues(db, me())
    form.venue.choices = _choices(venues)
    rows = [(one, _subject(one)) for one in blocks.in_force(db, _entities(venues))]
    return render_template("dashboard/blocks.html", form=form, rows=rows, zone=venues[0].timezone if venues else "UTC")


def _choices(venues: list[Venue]) -> list[tuple[str, str]]:
    return [(venue.code, venue.name) for venue in venues]


def _entities(venues: list[Venue]) -> list[int]:
    return sorted({venue.legal_entity_id for venue in venues})


def _subject(one: AccessBlock) -> str:
    """Under a mask: who knows the number can compare it."""
    phone = phone_from_e164(one.phone).masked if one.phone else ""
    return ", ".join(filter(None, (phone, _tail(Mac(one.mac)) if one.mac else "")))


def _tail(mac: Mac | None) -> str:
    """Enough to tell a device from its neighbours in a journal that is kept for long."""
    return f"…{mac.colons[-5:]}" if mac else ""


def _read(form: BlockForm, venue: Venue) -> tuple[Phone | None, Mac | None]:
    phone, mac = None, None
    try:
        phone = parse_phone(form.phone.data, tuple(venue.regions)) if form.phone.data else None
    except PhoneRefused:
        form.phone.errors = [_("This is not a mobile number that we send SMS to. Check every digit.")]
    try:
        mac = parse_mac(form.mac.data) if form.mac.data else None
    except ValueError:
        form.mac.errors = [_("This is not the address of a device. Type it like 02:aa:bb:cc:dd:01.")]
    if not form.phone.data and not form.mac.data:
        form.phone.errors = [_("Type a number, the address of a device, or both.")]
    return phone, mac
