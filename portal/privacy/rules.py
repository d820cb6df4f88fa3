"""What is destroyed when its term is over: one rule per purpose. SMS texts need none: they are never stored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from portal.access.models import AccessBlock, AccessGrant, AccountingSession, Identification, RememberedDevice, Voucher
from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.consent.models import ConsentOpening, ConsentRecord
from portal.core.clock import months_before
from portal.core.config import Settings
from portal.guests.grounds import GUEST_PURPOSES
from portal.guests.models import Guest
from portal.privacy import destroying
from portal.privacy.acts import Destroyed
from portal.privacy.erasure import destroy_person, lock_person
from portal.signup.models import PhoneVerification
from portal.venues.models import Venue


@dataclass(frozen=True)
class Rule:
    """`due(cutoff)` picks rows of `table`; `destroy` makes them due no longer and says what went. `batch` rows at once."""

    name: str
    table: Any
    cutoff: Callable[[Settings, datetime], datetime]
    due: Callable[[datetime], Sequence[ColumnElement[bool]]]
    destroy: Callable[[Session, Settings, Sequence[Any], datetime], list[Destroyed]]
    batch: int = 200
    lock_first: Callable[[Session, Sequence[Any]], None] | None = None  # what a signup would lock before these rows

    def entities(self, session: Session, cutoff: datetime) -> list[int]:
        """Operators that have something due."""
        if hasattr(self.table, "legal_entity_id"):
            return list(session.scalars(select(self.table.legal_entity_id).where(*self.due(cutoff)).distinct()))
        here = select(self.table.venue_id).where(*self.due(cutoff)).distinct()
        return list(session.scalars(select(Venue.legal_entity_id).where(Venue.id.in_(here)).distinct()))

    def take(self, session: Session, legal_entity_id: int, cutoff: datetime, limit: int) -> list[Any]:
        """Keys of the next rows of one operator, locked: who is just coming back is looked at again and left alone."""
        if hasattr(self.table, "legal_entity_id"):
            mine = self.table.legal_entity_id == legal_entity_id
        else:
            mine = self.table.venue_id.in_(select(Venue.id).where(Venue.legal_entity_id == legal_entity_id))
        key = self.table.__mapper__.primary_key[0]
        due = select(key).where(mine, *self.due(cutoff)).order_by(key).limit(limit)
        if self.lock_first is not None:
            found = list(session.scalars(due))
            self.lock_first(session, found)
            due = due.where(key.in_(found))
        return list(session.scalars(due.with_for_update()))


def _unproven(session: Session, settings: Settings, ids: Sequence[int], now: datetime) -> list[Destroyed]:
    return [*destroying.declared_openings(session, ids), *destroying.verifications(session, ids)]


def _silent_guests(session: Session, settings: Settings, ids: Sequence[int], now: datetime) -> list[Destroyed]:
    found = session.execute(select(Guest.legal_entity_id, Guest.phone).where(Guest.id.in_(ids))).all()
    gone = [destroy_person(session, settings.keys, entity, phone, "retention", now) for entity, phone in found]
    return [row for rows in gone for row in rows]


def _lock_guests(session: Session, ids: Sequence[int]) -> None:
    for entity, phone in session.execute(select(Guest.legal_entity_id, Guest.phone).where(Guest.id.in_(ids))).all():
        lock_person(session, entity, phone)


def _used_since(cutoff: datetime) -> ColumnElement[bool]:
    return select(Card.id).where(Card.guest_id == Guest.id, Card.used_at >= cutoff).exists()


def _still_granted(cutoff: datetime) -> ColumnElement[bool]:
    live = (AccessGrant.identification_id == Identification.id, AccessGrant.expires_at > cutoff)
    return select(AccessGrant.id).where(*live).exists()


def _in_force() -> ColumnElement[bool]:
    """The person behind an opening has a consent that makes them a guest: its evidence stays as long as the guest."""
    ended = aliased(ConsentRecord)
    withdrawn = select(ended.id).where(
        ended.legal_entity_id == ConsentRecord.legal_entity_id,
        ended.subject == ConsentRecord.subject,
        ended.purpose == ConsentRecord.purpose,
        ended.event == "withdrawn",
        ended.id > ConsentRecord.id,
    )
    given = select(ConsentRecord.id).where(
        ConsentRecord.legal_entity_id == ConsentOpening.legal_entity_id,
        ConsentRecord.subject == ConsentOpening.subject,
        ConsentRecord.event == "given",
        ConsentRecord.purpose.in_(GUEST_PURPOSES),
        ~withdrawn.exists(),
    )
    return given.exists()


RULES: tuple[Rule, ...] = (
    Rule(
        "unproven_phone",
        PhoneVerification,
        lambda settings, now: now - settings.retention_unproven,
        lambda cutoff: (
            PhoneVerification.consumed_at.is_(None),
            PhoneVerification.created_at < cutoff,
            PhoneVerification.phone.is_not(None),
        ),
        _unproven,
    ),
    Rule(
        "proven_phone",  # the guest and the register hold the number on their own grounds; the way it came is done with
        PhoneVerification,
        lambda settings, now: now - settings.retention_visit_trace,
        lambda cutoff: (
            PhoneVerification.consumed_at.is_not(None),
            PhoneVerification.created_at < cutoff,
            PhoneVerification.phone.is_not(None),
        ),
        lambda session, settings, ids, now: destroying.verifications(session, ids),
    ),
    Rule(
        "visit_trace",
        Visit,
        lambda settings, now: now - settings.retention_visit_trace,
        lambda cutoff: (Visit.arrived_at < cutoff, or_(Visit.ip.is_not(None), Visit.user_agent.is_not(None))),
        lambda session, settings, ids, now: destroying.visit_traces(session, ids),
    ),
    Rule(
        "silent_guest",
        Guest,
        lambda settings, now: months_before(now, settings.retention_guest_months),
        lambda cutoff: (Guest.last_seen_at < cutoff, ~_used_since(cutoff)),
        _silent_guests,
        batch=1,  # a person is a transaction: locks of two would cross those of a signup
        lock_first=_lock_guests,
    ),
    Rule(
        "consent_evidence",  # of who is no guest: of boxes ticked and emptied again before the code, say
        ConsentOpening,
        lambda settings, now: now - settings.retention_visit_trace,
        lambda cutoff: (ConsentOpening.created_at < cutoff, ~_in_force()),
        lambda session, settings, ids, now: destroying.openings(session, ids),
    ),
    Rule(
        "wifi_register",  # the row's own term, fixed when it was written; never before its last access has ended
        Identification,
        lambda settings, now: now,
        lambda cutoff: (Identification.destroy_after <= cutoff, ~_still_granted(cutoff)),
        lambda session, settings, ids, now: destroying.identifications(session, ids),
    ),
    Rule(
        "voucher",
        Voucher,
        lambda settings, now: now - settings.retention_register,
        lambda cutoff: (Voucher.expires_at < cutoff,),
        lambda session, settings, ids, now: destroying.vouchers(session, ids),
    ),
    Rule(
        "remembered_device",
        RememberedDevice,
        lambda settings, now: now,
        lambda cutoff: (or_(RememberedDevice.until <= cutoff, RememberedDevice.ended_at.is_not(None)),),
        lambda session, settings, ids, now: destroying.remembered_devices(session, ids),
    ),
    Rule(
        "block",  # one in force has no term: it stands until staff take it back
        AccessBlock,
        lambda settings, now: now - settings.retention_register,
        lambda cutoff: (AccessBlock.ended_at < cutoff,),
        lambda session, settings, ids, now: destroying.blocks(session, AccessBlock.id.in_(ids)),
    ),
    Rule(
        "accounting",
        AccountingSession,
        lambda settings, now: now - settings.retention_register,
        lambda cutoff: (AccountingSession.updated_at < cutoff, AccountingSession.grant_id.is_(None)),
        lambda session, settings, ids, now: destroying.accounting(session, ids),
    ),
)
