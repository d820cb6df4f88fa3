"""Withdrawal of a consent, and what follows from it: one transaction, idempotent."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access import remembered
from portal.cards.models import Card
from portal.consent import records
from portal.core.phone import phone_from_e164
from portal.core.tokens import Keys
from portal.guests.grounds import GUEST_PURPOSES, kept_fields
from portal.privacy import acts, destroying
from portal.privacy.acts import Destroyed
from portal.privacy.erasure import guest_ids, lock_person, revoke_access
from portal.signup.models import PhoneVerification


def withdraw(
    session: Session, keys: Keys, legal_entity_id: int, phone: str, purpose: str, now: datetime, *, control: str
) -> bool:
    """Withdraw one consent; False if it was not in force. With the card's the card goes, with each its evidence and what no
    other one lets us keep, with the last one the guest, and with the Wi-Fi terms the internet."""
    signups, person = lock_person(session, legal_entity_id, phone), phone_from_e164(phone)
    if not records.withdraw(session, keys, legal_entity_id, person, purpose, control, now):
        return False
    in_force = records.in_force(session, keys, legal_entity_id, person)
    proven = _proven(session, list(signups))
    left, waiting = {given.purpose for given in in_force}, list(signups.keys() - set(proven))
    subject = records.subject_of(keys, legal_entity_id, person)
    destroyed = [
        *_without_ground(session, guest_ids(session, legal_entity_id, phone), proven, left),
        *destroying.openings_of(session, legal_entity_id, subject, [given.record_id for given in in_force], waiting),
    ]
    remembered.forget_phone(session, legal_entity_id, phone, "withdrawn", now)
    if purpose == "wifi_terms":
        revoke_access(session, legal_entity_id, phone, now, reason="withdrawn")
    acts.write_whole(session, legal_entity_id, "withdrawal", destroyed, now)
    return True


def _proven(session: Session, signup_ids: list[int]) -> list[int]:
    """Without those that still wait for their code, which have a term of their own."""
    mine = PhoneVerification.id.in_(signup_ids), PhoneVerification.consumed_at.is_not(None)
    return list(session.scalars(select(PhoneVerification.id).where(*mine)))


def _without_ground(session: Session, guest_ids: list[int], proven: list[int], left: set[str]) -> list[Destroyed]:
    """What the consents that are `left` do not cover."""
    if not left & GUEST_PURPOSES:
        return [
            *destroying.visits_of(session, guest_ids, []),
            *destroying.verifications(session, proven),
            *destroying.guests(session, guest_ids),
        ]
    cards = [] if "card" in left else list(session.scalars(select(Card.id).where(Card.guest_id.in_(guest_ids))))
    return [
        *destroying.cards_by_id(session, cards),
        *destroying.answers(session, proven, kept_fields(left)),
        *destroying.profiles(session, guest_ids, kept_fields(left)),
    ]
