"""Starting a signup: one transaction that declares the consents, opens the verification and queues its SMS."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.consent import records
from portal.consent.evidence import Evidence
from portal.core.config import Settings
from portal.core.crypto import random_bytes
from portal.core.limits import Limit, LimitReached, find_room
from portal.core.limits import ask as ask_limits
from portal.core.numbers import next_numbers
from portal.core.phone import Phone
from portal.core.statements import Ask, Statement, ask_ahead
from portal.core.tokens import random_id
from portal.guests.grounds import kept_fields
from portal.signup import allowance
from portal.signup.allowance import Refused
from portal.signup.models import PhoneVerification
from portal.sms import budgets, outbox
from portal.sms.models import SmsMessage
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Start:
    """Everything a guest left in the form, parsed."""

    visit_id: str
    path: str  # wifi | qr | me
    phone: Phone
    language: str
    ip: str
    user_agent: str
    device_hash: str | None = None
    mac: str | None = None
    boxes: tuple[records.Box, ...] = ()
    answers: dict[str, Any] = field(default_factory=dict)
    arrival: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Started:
    """An open verification. `message_id` is None when the same form had already queued its SMS."""

    public_id: str
    message_id: int | None


def limits_of(settings: Settings, venue: Venue, asked: Start) -> list[Limit]:
    """What a start counts against."""
    return [
        *allowance.of_number(settings, asked.phone),
        *allowance.of_device(settings, asked.device_hash),
        *allowance.of_address(settings, asked.path, asked.ip, venue.own_addresses),
    ]


def ask(venue: Venue, asked: Start, limits: list[Limit], now: datetime) -> list[Ask]:
    """What `start` will ask for a first phone, to be asked ahead."""
    declared = records.ask_to_declare(venue.legal_entity_id, asked.boxes)
    return [*ask_limits(limits, now), budgets.ask(venue, asked.path), *declared, (_NUMBERS, {})]


def start(
    session: Session,
    settings: Settings,
    venue: Venue,
    asked: Start,
    now: datetime,
    *,
    first: bool = False,
    limits: list[Limit] | None = None,
) -> Started | Refused:
    """Open a verification, or give back the open one of the same visit and number.

    The caller has locked the visit's row, so that fifty submits of one form make one SMS. A changed number closes the
    verification and starts a new one under the same limits. `first`: the visit has just left its first phone, so there is
    no earlier verification to look for. `limits`: its own, when all that `ask` says was asked.
    """
    existing = None if first else _OPEN_OF_VISIT.first(session, {"visit": asked.visit_id})
    if existing is not None and existing.phone == asked.phone.e164 and existing.expires_at > now:
        _say_again(session, settings, venue, asked, existing, now)
        return Started(existing.public_id, None)
    if limits is None:
        limits = limits_of(settings, venue, asked)
        ask_ahead(session, *ask(venue, asked, limits, now))
    room = _room(session, settings, venue, asked, limits, now)
    if isinstance(room, Refused):
        return room
    if existing is not None:
        close(session, existing.id, "replaced", now)
    return _open(session, settings, venue, asked, now, first=first)


def _room(session: Session, settings: Settings, venue: Venue, asked: Start, limits: list[Limit], now: datetime) -> Refused | None:
    room = find_room(session, limits, now)
    if isinstance(room, LimitReached):
        return Refused(room.name, room.opens_at - now)
    refusal = budgets.claim(session, venue, asked.path, now, settings)
    if refusal is not None:
        room.leave(session)
        return Refused(refusal.reason)
    room.occupy(session)
    return None


def close(session: Session, verification_id: int, reason: str, now: datetime) -> None:
    """End an open verification; its code is worth nothing from here on."""
    _CLOSE.write(session, {"number": verification_id, "reason": reason, "at": now})


def _say_again(session: Session, settings: Settings, venue: Venue, asked: Start, existing: Any, now: datetime) -> None:
    """The form came again with the same number: what it says now counts, so a box that was emptied is not given."""
    said = _answers(asked)
    if said == existing.answers:
        return
    before = existing.answers.get("boxes", [])
    newly = tuple(box for box in asked.boxes if [box.purpose, box.document_id, box.control] not in before)
    _SAY.write(session, {"number": existing.id, "said": said, "card": _asks_card(asked)})
    _declare(session, settings, venue, asked, newly, existing.id, now)


def _open(session: Session, settings: Settings, venue: Venue, asked: Start, now: datetime, *, first: bool) -> Started:
    numbers = _NUMBERS.first(session, {})
    number = int(numbers.phone_verification)
    row = {"id": number, **_row(settings, venue, asked, now)}
    if first:
        _INSERT.write(session, row)
    elif _INSERT_OR_NOT.first(session, row) is None:
        # Two submits of a form without a visit (/me) can meet here; the one that comes second takes the first one's.
        return Started(_OPEN_OF_VISIT.first(session, {"visit": asked.visit_id}).public_id, None)
    _declare(session, settings, venue, asked, asked.boxes, number, now)
    message_id = outbox.queue(
        session, organization_id=venue.organization_id, venue_id=venue.id, verification_id=number,
        path=asked.path, phone=asked.phone.e164, language=asked.language, not_after=row["expires_at"], now=now,
        number=int(numbers.sms_message),
    )  # fmt: skip
    return Started(row["public_id"], message_id)


def _declare(
    session: Session,
    settings: Settings,
    venue: Venue,
    asked: Start,
    boxes: tuple[records.Box, ...],
    verification_id: int,
    now: datetime,
) -> None:
    records.declare(
        session, settings.keys, venue, boxes, verification_id=verification_id, visit_id=asked.visit_id,
        language=asked.language, now=now,
        evidence=Evidence(phone=asked.phone, ip=asked.ip, user_agent=asked.user_agent, mac=asked.mac),
    )  # fmt: skip


def _answers(asked: Start) -> dict[str, Any]:
    """What was typed and ticked. Beside a box that nobody ticked there is no ground to keep the answers it would need."""
    kept = kept_fields(box.purpose for box in asked.boxes)
    boxes = [[box.purpose, box.document_id, box.control] for box in asked.boxes]
    return {**{name: said for name, said in asked.answers.items() if name in kept}, "boxes": boxes}


def _asks_card(asked: Start) -> bool:
    return any(box.purpose == "card" for box in asked.boxes)


def _row(settings: Settings, venue: Venue, asked: Start, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": venue.organization_id,
        "legal_entity_id": venue.legal_entity_id,
        "venue_id": venue.id,
        "public_id": random_id(),
        "link": _short_link(),
        "visit_id": asked.visit_id,
        "path": asked.path,
        "phone": asked.phone.e164,
        "nonce": random_id(),
        "language": asked.language,
        "card_asked": _asks_card(asked),
        "answers": _answers(asked),
        "arrival": asked.arrival,
        "device_hash": asked.device_hash,
        "created_at": now,
        "expires_at": now + settings.otp_lifetime,
    }


def _short_link() -> str:
    """Ten characters, 50 bits: short for the SMS, guarded by a limit on misses (`limit_short_link_ip_hour`)."""
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[byte % 32] for byte in random_bytes(10))


# Built once: they stand on the way of every guest.
_TABLE = cast(Table, PhoneVerification.__table__)
# Locked before limits and budget, as a resend does: /me has no visit whose lock would come first.
_OPEN_OF_VISIT = Statement(
    select(_TABLE.c.id, _TABLE.c.public_id, _TABLE.c.phone, _TABLE.c.expires_at, _TABLE.c.answers)
    .where(_TABLE.c.visit_id == bindparam("visit"), _TABLE.c.closed_at.is_(None))
    .with_for_update()
)
_SAY = Statement(
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("number"))
    .values(answers=bindparam("said", type_=_TABLE.c.answers.type), card_asked=bindparam("card"))
)
_CLOSE = Statement(
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("number"), _TABLE.c.closed_at.is_(None))
    .values(closed_at=bindparam("at"), closed_reason=bindparam("reason"))
)
_NUMBERS = next_numbers(_TABLE, SmsMessage.__table__)
_COLUMNS = (
    "id", "organization_id", "legal_entity_id", "venue_id", "public_id", "link", "visit_id", "path", "phone", "nonce",
    "language", "card_asked", "answers", "arrival", "device_hash", "created_at", "expires_at",
)  # fmt: skip
_INSERT = Statement(insert(_TABLE), *_COLUMNS)
_INSERT_OR_NOT = Statement(
    {
        name: upsert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)
        for name, upsert in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
    },
    *_COLUMNS,
    apart=True,
)
