"""The form, as one verb: the visit is there and has a phone, and a verification is on its way."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import visits
from portal.acquisition.entry import Entry
from portal.acquisition.models import Visit
from portal.acquisition.visits import Client
from portal.consent.records import Box
from portal.core.config import Settings
from portal.core.phone import Phone
from portal.signup.allowance import Refused
from portal.signup.start import Start, Started, start
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
    """Record the visit if it is missing, mark its phone step and start the verification."""
    visit = visits.continue_or_record(session, entry, client, now, seen=True)
    _lock(session, visit.public_id)
    visits.mark(session, visit.public_id, "phone_at", now)
    asked = Start(
        visit_id=visit.public_id, path="wifi" if entry.entry == "wifi" else "qr", phone=form.phone, language=form.language,
        ip=client.ip or "", user_agent=client.user_agent or "", device_hash=client.device_hash, mac=entry.arrival.get("mac"),
        boxes=form.boxes, answers=form.answers, arrival=entry.arrival,
    )  # fmt: skip
    return start(session, settings, venue, asked, now)


def _lock(session: Session, visit_id: str) -> None:
    """Parallel submits of one form queue up here (SQLite has locked everything at BEGIN IMMEDIATE)."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(Visit.id).where(Visit.public_id == visit_id).with_for_update())
