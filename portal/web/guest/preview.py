"""A guest's pages as an owner is about to make them, in a frame of the dashboard. It counts no visit, sends nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import abort, g, render_template, url_for
from sqlalchemy import inspect

from portal.acquisition.entry import new_entry
from portal.core.phone import phone_from_e164
from portal.signup.staff_view import check_number
from portal.sms import texts
from portal.venues.models import Venue
from portal.web import preview
from portal.web.guest import bp
from portal.web.guest.card import render_card
from portal.web.guest.connected import address_to_type
from portal.web.guest.forms import Typed
from portal.web.guest.landing import render_landing
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts
from portal.web.preview import Look

SAMPLE_NUMBER = "2000000000008"  # with its check digit; ten noughts come up once in 10^10 cards
SAMPLE_PHONE = phone_from_e164("+79000000000")
NOWHERE = "#"  # in the frame no form is sent, and no link leads anywhere
ONLINE_FOR, LEFT = timedelta(minutes=5), timedelta(hours=3, minutes=55)


@bp.get("/preview/<token>")
def preview_page(token: str) -> str:
    """The real page with the values of the link; only our own pages may frame it."""
    now = parts().clock()
    look = preview.unseal(parts().settings.keys, token, now)
    front = shelf().by_venue_id(parts(), look.venue_id)
    if front is None:
        abort(404)
    g.framed = True
    g.language = look.language
    return _SHOWN[look.page](replace(front, venue=_as_it_would_be(front.venue, look)), now)


def _as_it_would_be(venue: Venue, look: Look) -> Venue:
    """A copy that no session knows: nothing of it can be saved."""
    values = {column.key: getattr(venue, column.key) for column in inspect(Venue).column_attrs}
    return Venue(**{**values, "accent": look.accent, "offer_ru": look.offer_ru, "offer_en": look.offer_en})


def _landing(path: str, front: Front, now: datetime) -> str:
    entry = new_entry(front.venue.id, None, path, str(g.language), now)
    return render_landing(front, entry, Typed(), {}, "preview", seen=False)


def _code(front: Front, _now: datetime) -> str:
    """The code has just been sent."""
    return render_template(
        "guest/code.html", venue=front.venue, sample=True, error=False, limit="", sms_state="sent",
        masked_phone=SAMPLE_PHONE.masked, used=False, live=True, resend_in=60, resend_left=1, page_url=NOWHERE,
        actions={"verify_url": NOWHERE, "resend_url": NOWHERE}, wrong_number_url=NOWHERE, start_url=NOWHERE,
        voucher_url=NOWHERE if front.venue.vouchers else None, unwanted_url=None,
    )  # fmt: skip


def _online(front: Front, now: datetime) -> str:
    """The first minutes after the code, with the card asked for."""
    return render_template(
        "guest/connected.html", venue=front.venue, sample=True, state="online", online_since=now - ONLINE_FOR,
        ends_at=now + LEFT, time_left_seconds=int(LEFT.total_seconds()), me_url=NOWHERE,
        card_hint="sms" if texts.fits_link(str(g.language), parts().settings.base_url) else "me",
        me_address=address_to_type(url_for("guest.me", venue_code=front.venue.code)),
        disconnect_url=NOWHERE, forget_url=NOWHERE, check_number=check_number("k7m2qx"), proof_picture="", next_look=None,
    )  # fmt: skip


def _card(front: Front, _now: datetime) -> str:
    return render_card(front.venue, SAMPLE_NUMBER, "sample", sample=True)


_SHOWN: dict[str, Callable[[Front, datetime], str]] = {
    "qr": lambda front, now: _landing("qr", front, now),
    "wifi": lambda front, now: _landing("wifi", front, now),
    "code": _code,
    "card": _card,
    "online": _online,
}
