"""What is known of a phone, for who holds it: consents and their withdrawal, devices, the card, erasure.

Opened by a code to that number and by nothing else. The link that follows the code is good for fifteen minutes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import abort, redirect, render_template, request, url_for
from flask_babel import get_locale
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.consent.models import PURPOSES, ConsentDocument
from portal.core.phone import Phone, phone_from_e164
from portal.core.tokens import Keys
from portal.privacy import erasure, withdrawal
from portal.privacy.known import known_of
from portal.privacy.patience import patiently
from portal.venues import directory
from portal.venues.models import Venue
from portal.web.guest import bp
from portal.web.parts import parts

OPEN_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Proven:
    """A number that a code has just proven, within one legal entity."""

    legal_entity_id: int
    venue_id: int
    phone: str


def me_link(keys: Keys, legal_entity_id: int, venue_id: int, phone: Phone, now: datetime) -> str:
    """The path of a person's own page. Make it only after a right code to that number."""
    token = keys.seal("me", {"le": legal_entity_id, "venue": venue_id, "phone": phone.e164}, now)
    return url_for("guest.mine", token=token)


@bp.get("/me/s/<token>")
def mine(token: str) -> str:
    """Everything that is known, and a button for each right."""
    now = parts().clock()
    proven = _open(token)
    with parts().database.reading() as session:
        venue = _venue(session, proven)
        known = known_of(session, parts().settings.keys, proven.legal_entity_id, proven.phone, now)
        codes = {each.id: each.code for each in directory.venues_of(session, proven.legal_entity_id)}
    return render_template(
        "guest/me.html",
        venue=venue,
        known=known,
        masked_phone=phone_from_e164(proven.phone).masked,
        token=token,
        day=partial(_day, venue),
        date=partial(format_date, format="long", locale=get_locale()),
        text_url=partial(_text_url, codes),
        form_terms={True: parts().settings.retention_visit_trace, False: parts().settings.retention_unproven},
    )


@bp.post("/me/s/<token>/withdraw")
def withdraw(token: str) -> Response:
    """One button per consent, as it was one tick to give."""
    proven, purpose = _open(token), request.form.get("purpose", "")
    if purpose not in PURPOSES:
        abort(400)
    keys, now = parts().settings.keys, parts().clock()
    who = (keys, proven.legal_entity_id, proven.phone)
    patiently(parts().database, lambda session: withdrawal.withdraw(session, *who, purpose, now, control="me:withdraw"))
    return _back(token)


@bp.post("/me/s/<token>/forget")
def forget_device(token: str) -> Response:
    """Forget one device: it is put offline and is not recognised any more."""
    proven = _open(token)
    keys, now, device = parts().settings.keys, parts().clock(), request.form.get("device", "")
    with parts().database.writing() as session:
        erasure.forget_device(session, keys, proven.legal_entity_id, proven.phone, device, now)
    return _back(token)


@bp.get("/me/s/<token>/erase")
def confirm_erase(token: str) -> str:
    """Says plainly what goes and what stays; nothing happens before the button."""
    proven = _open(token)
    with parts().database.reading() as session:
        venue = _venue(session, proven)
        known = known_of(session, parts().settings.keys, proven.legal_entity_id, proven.phone, parts().clock())
    return render_template("guest/me_erase.html", venue=venue, known=known, token=token, day=partial(_day, venue))


@bp.post("/me/s/<token>/erase")
def erase(token: str) -> Response:
    """Erase everything but the Wi-Fi register, and disconnect. A second press finds nothing left to do."""
    proven, keys, now = _open(token), parts().settings.keys, parts().clock()
    patiently(parts().database, lambda session: erasure.erase(session, keys, proven.legal_entity_id, proven.phone, now))
    return _back(token)


def _open(token: str) -> Proven:
    """Raises BadToken."""
    payload: dict[str, Any] = parts().settings.keys.unseal("me", token, parts().clock(), OPEN_FOR)
    return Proven(payload["le"], payload["venue"], payload["phone"])


def _day(venue: Venue, moment: datetime) -> str:
    """A date at the venue, as the reader writes dates."""
    return format_date(moment.astimezone(ZoneInfo(venue.timezone)), format="long", locale=get_locale())


def _text_url(codes: dict[int, str], document: ConsentDocument) -> str:
    """The very version that was agreed to; a consent may have been given at another place of the same operator."""
    code = codes[document.venue_id]
    return url_for(
        "guest.document_version", venue_code=code, kind=document.kind, version=document.version, language=document.language
    )


def _venue(session: Session, proven: Proven) -> Venue:
    return directory.venue_by_id(session, proven.venue_id)


def _back(token: str) -> Response:
    return redirect(url_for("guest.mine", token=token), 303)
