"""The right code: consents become given, and guest, card and access come into being, all in one transaction.

The only thing that grants is the code. A wrong one is a fact: it is returned, the door commits it, then shows it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from portal.access import grants, identification
from portal.acquisition import visits
from portal.cards import issue as card_issue
from portal.cards import read as card_read
from portal.cards.issue import Issued
from portal.consent import records
from portal.core.config import Settings
from portal.core.limits import Limit, take
from portal.core.mac import Mac
from portal.core.phone import Phone, phone_from_e164
from portal.core.statements import Statement, ask_ahead
from portal.guests import members
from portal.signup import opening, remembering
from portal.signup.codes import code_fits
from portal.signup.lookup import Ticket, ask_visit_lock, lock_visit_of
from portal.signup.models import PhoneVerification
from portal.venues import directory
from portal.venues.models import Place

log = logging.getLogger(__name__)

REPLAY = timedelta(minutes=2)  # a double tap on the button of the right code is not an error


@dataclass(frozen=True, slots=True)
class Rejected:
    """The code did not fit, or nothing was left to fit it to: one answer for both."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The number is proven. `card_token` is set when a card was asked for; `arrival` are the gateway's values."""

    verification_id: int
    public_id: str
    path: str
    venue_id: int
    visit_id: str
    phone: Phone
    card_token: str | None
    arrival: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Held:
    """A verification that may still be tried, locked, with its visit and its consents. `tries` names the column that counts."""

    row: Any
    visit: Any
    declared: list[dict[str, Any]]
    tries: str


def complete(session: Session, settings: Settings, ticket: Ticket, typed: str, now: datetime) -> Completed | Rejected:
    """Count the try, compare, and on a fit write everything that follows from it, once."""
    held = _hold(session, settings, ticket, now)
    if held is None:
        return Rejected()
    row = held.row
    fits = row.phone is not None and code_fits(settings.keys, row.nonce, row.phone, typed)
    if not fits or row.closed_at is not None:
        _COUNT[held.tries].write(session, {"number": row.id})
    if not fits:
        _watch_guessing(session, settings, now)
        return Rejected()
    if row.consumed_at is not None:
        return _again(session, row) if now - row.consumed_at <= REPLAY else Rejected()
    if row.closed_at is not None:
        return Rejected()
    phone = phone_from_e164(row.phone)
    card = _follow(session, settings, phone, held, now) if row.path != "me" else None
    _CONSUME[held.tries].write(session, {"number": row.id, "at": now, "card": card.id if card else None})
    card_token = card.token if card else None
    return Completed(row.id, row.public_id, row.path, row.venue_id, row.visit_id, phone, card_token, row.arrival)


def _hold(session: Session, settings: Settings, ticket: Ticket, now: datetime) -> _Held | None:
    """The row is locked before anything is compared, and each outcome counts the try: parallel ones queue up here."""
    tries = "mac_attempts" if ticket.by_mac else "attempts"
    facts = {"public": ticket.public_id, "tries": settings.otp_tries, "now": now}
    declared = {"public": ticket.public_id}
    ask_ahead(session, ask_visit_lock(ticket.public_id), (_HOLD[tries], facts), (_DECLARED, declared))
    visit = lock_visit_of(session, ticket.public_id)
    row = _HOLD[tries].first(session, facts)
    return row and _Held(row, visit, [one._asdict() for one in _DECLARED.rows(session, declared)], tries)


def _watch_guessing(session: Session, settings: Settings, now: datetime) -> None:
    """Guesses spread over many numbers pass every limit of one number; their sum does not."""
    wrong = Limit("wrong_codes", "wc:house", settings.alarm_wrong_codes, timedelta(minutes=10))
    if take(session, [wrong], now) is not None:
        log.warning("many wrong codes", extra={"alarm": "wrong_codes", "limit": settings.alarm_wrong_codes})


def _follow(session: Session, settings: Settings, phone: Phone, held: _Held, now: datetime) -> Issued | None:
    row = held.row
    place = Place(row.venue_id, row.organization_id, row.legal_entity_id)
    ticked = [purpose for purpose, _document, _control in row.answers.get("boxes", [])]
    declared = records.still_declared(held.declared, ticked)
    card, guest_id, is_new = None, None, None
    if declared:
        wanted = members.wanted(
            place, phone, first_source_id=held.visit.source_id, language=row.language, answers=row.answers, now=now
        )
        ask_ahead(session, records.ask_to_give(row.legal_entity_id), card_issue.ask(row.legal_entity_id), wanted)
        given = records.give(session, declared, "sms", now)
        guest, is_new = members.find_or_make(session, wanted)
        guest_id = guest.id
        if row.device_hash:
            members.touch_device(session, guest, row.device_hash, held.visit.device_family, now)
        if "card" in given:
            card = card_issue.issue(session, guest_id, place, row.visit_id, now, settings, is_new=is_new)
    visits.complete(
        session, row.visit_id, guest_id=guest_id, is_returning=None if is_new is None else not is_new, verified_at=now,
        card_at=now if card else None,
    )  # fmt: skip
    if row.path == "wifi":
        _grant(session, settings, row, phone, now)
    return card


def _grant(session: Session, settings: Settings, row: Any, phone: Phone, now: datetime) -> None:
    venue = directory.venue_by_id(session, row.venue_id)
    policy = directory.policy_of(session, venue.id)
    mac = Mac(row.arrival["mac"]) if row.arrival.get("mac") else None
    gateway_id = row.arrival.get("gateway_id")
    proven = identification.identify(
        session, settings, venue, phone, mac=mac, ip=row.arrival.get("ip"), gateway_id=gateway_id, policy=policy, now=now
    )
    if proven.blocked:
        return
    grant = grants.issue(
        session, venue=venue, policy=policy, visit_id=row.visit_id, mac=mac, gateway_id=gateway_id,
        identification_id=proven.id, now=now,
    )  # fmt: skip
    opening.order_opening(session, grant, row.arrival, now)
    if mac is not None:
        vouched = bool(row.arrival.get("vouched"))
        remembering.remember(session, venue, policy, mac, proven.id, now, vouched=vouched)


def _again(session: Session, row: Any) -> Completed:
    card = card_read.by_id(session, row.card_id) if row.card_id else None
    phone, token = phone_from_e164(row.phone), card.token if card else None
    return Completed(row.id, row.public_id, row.path, row.venue_id, row.visit_id, phone, token, row.arrival)


# Built once: they stand on the way of every guest.
_TABLE = cast(Table, PhoneVerification.__table__)
_THIS = _TABLE.c.public_id == bindparam("public")
_DECLARED = Statement(records.of_verification(select(_TABLE.c.id).where(_THIS).scalar_subquery()))
_CONSUMED = {
    "consumed_at": bindparam("at"),
    "closed_at": bindparam("at"),
    "closed_reason": "consumed",
    "card_id": bindparam("card"),
}


def _hold_with(tries: str) -> Statement:
    open_still = (_TABLE.c[tries] < bindparam("tries"), _TABLE.c.expires_at > bindparam("now"))
    return Statement(select(_TABLE).where(_THIS, *open_still).with_for_update())


def _counted(tries: str, **values: Any) -> Statement:
    one_more = {tries: _TABLE.c[tries] + 1}
    return Statement(update(_TABLE).where(_TABLE.c.id == bindparam("number")).values(one_more | values))


_TRIES = ("attempts", "mac_attempts")
_HOLD = {tries: _hold_with(tries) for tries in _TRIES}
_COUNT = {tries: _counted(tries) for tries in _TRIES}
_CONSUME = {tries: _counted(tries, **_CONSUMED) for tries in _TRIES}
