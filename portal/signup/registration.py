"""The form, as one verb: the visit is there and has a phone, and a verification is on its way."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.orm import Session

from portal.acquisition import visits
from portal.acquisition.entry import Entry
from portal.acquisition.models import Visit
from portal.acquisition.visits import Client
from portal.consent.records import Box
from portal.core.config import Settings
from portal.core.db import UtcDateTime
from portal.core.phone import Phone
from portal.core.statements import Ask, Statement, lead
from portal.signup.allowance import Refused
from portal.signup.start import Start, Started, ask, limits_of, start
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Form:
    """What the guest typed and ticked, parsed."""

    phone: Phone
    language: str
    boxes: tuple[Box, ...] = ()
    answers: dict[str, Any] = field(default_factory=dict)


def register(
    session: Session, settings: Settings, venue: Venue, entry: Entry, client: Client, form: Form, now: datetime
) -> Started | Refused:
    """Record the visit if it is missing, mark its phone step and start the verification.

    A page whose visit has been completed may be sent once more, by a companion on the same phone say: that is a visit of
    its own, and the same one for every tap on the button.
    """
    asked = _asked(entry, client, form)
    # Most forms come from a page that was seen: its row is there, and locked here, where parallel submits queue up.
    limits = limits_of(settings, venue, asked)
    if lead(session, _first_phone(entry.visit_id, now), *ask(venue, asked, limits, now)):
        return start(session, settings, venue, asked, now, first=True, limits=limits)
    visit_id, first = _reach_phone(session, entry, client, now)
    if not first and _is_complete(session, visit_id):
        again = replace(entry, visit_id=settings.keys.keyed_hash("visit-again", f"{visit_id}|{form.phone.e164}")[:22])
        visit_id, first = _reach_phone(session, again, replace(client, device_hash=None), now)
    return start(session, settings, venue, replace(asked, visit_id=visit_id), now, first=first)


def _asked(entry: Entry, client: Client, form: Form) -> Start:
    return Start(
        visit_id=entry.visit_id, path="wifi" if entry.entry == "wifi" else "qr", phone=form.phone, language=form.language,
        ip=client.ip or "", user_agent=client.user_agent or "", device_hash=client.device_hash, mac=entry.arrival.get("mac"),
        boxes=form.boxes, answers=form.answers, arrival=entry.arrival,
    )  # fmt: skip


def _reach_phone(session: Session, entry: Entry, client: Client, now: datetime) -> tuple[str, bool]:
    """Record the visit or continue an earlier one, note the step and lock the row, noted or not.

    Gives the visit's public id and whether this is its first phone.
    """
    visit = visits.continue_or_record(session, entry, client, now, seen=True)
    statement, facts = _first_phone(visit.public_id, now)
    first = bool(statement.count(session, facts))
    if not first and session.get_bind().dialect.name != "sqlite":
        _LOCK.first(session, {"visit": visit.public_id})
    return visit.public_id, first


def _first_phone(visit_id: str, now: datetime) -> Ask:
    return _FIRST_PHONE, {"visit": visit_id, "at": now}


def _is_complete(session: Session, visit_id: str) -> bool:
    found = _VERIFIED_AT.first(session, {"visit": visit_id})
    return found is not None and found.verified_at is not None


_TABLE = cast(Table, Visit.__table__)
_AT = bindparam("at", type_=UtcDateTime)
_FIRST_PHONE = Statement(
    update(_TABLE)
    .where(_TABLE.c.public_id == bindparam("visit"), _TABLE.c.phone_at.is_(None))
    .values(phone_at=_AT, seen_at=func.coalesce(_TABLE.c.seen_at, _AT))
)
_VERIFIED_AT = Statement(select(_TABLE.c.verified_at).where(_TABLE.c.public_id == bindparam("visit")))
_LOCK = Statement(select(_TABLE.c.id).where(_TABLE.c.public_id == bindparam("visit")).with_for_update())
