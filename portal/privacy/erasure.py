"""Erasure on a person's word: one transaction, idempotent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.access import grants, remembered
from portal.access.models import AccessBlock, AccessGrant, Identification
from portal.acquisition.models import Visit
from portal.consent import records
from portal.consent.models import ConsentChain
from portal.core.phone import phone_from_e164
from portal.core.tokens import Keys
from portal.guests import members
from portal.guests.models import Guest
from portal.privacy import acts, destroying
from portal.privacy.acts import Destroyed
from portal.privacy.models import DestructionAct
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. `act` is None when nothing was held; the worker tells the gateways of `disconnected`."""

    act: DestructionAct | None
    disconnected: list[AccessGrant]


def erase(session: Session, keys: Keys, legal_entity_id: int, phone: str, now: datetime) -> Erased:
    """Destroy what an operator holds of a phone (E.164) and put its devices offline.

    The Wi-Fi identification register keeps its own term, the chain of consents its commitments; a block in force stays.
    """
    of_phone = (AccessBlock.legal_entity_id == legal_entity_id) & (AccessBlock.phone == phone)
    destroyed = destroy_person(session, keys, legal_entity_id, phone, "erasure", now) + destroying.blocks(session, of_phone)
    disconnected = revoke_access(session, legal_entity_id, phone, now)
    return Erased(acts.write_whole(session, legal_entity_id, "erasure", destroyed, now), disconnected)


def destroy_person(
    session: Session, keys: Keys, legal_entity_id: int, phone: str, control: str, now: datetime
) -> list[Destroyed]:
    """Withdraw every consent in force, then destroy profile, cards, devices, openings, and untie visits and signups."""
    signups = lock_person(session, legal_entity_id, phone)
    person = phone_from_e164(phone)
    for given in records.in_force(session, keys, legal_entity_id, person):
        records.withdraw(session, keys, legal_entity_id, person, given.purpose, control, now)
    ids = guest_ids(session, legal_entity_id, phone)
    return [
        *destroying.openings_of(session, legal_entity_id, records.subject_of(keys, legal_entity_id, person)),
        *destroying.visits_of(session, ids, list(signups.values())),
        *destroying.verifications(session, list(signups)),
        *destroying.guests(session, ids),
    ]


def forget_device(
    session: Session, keys: Keys, legal_entity_id: int, phone: str, device_hash: str, now: datetime
) -> list[AccessGrant]:
    """Forget one device of a phone's guest and end its access; returns the grants that ended."""
    guest = members.by_phone(session, legal_entity_id, phone)
    if guest is None or not members.forget_device(session, guest.id, device_hash):
        return []
    return revoke_access(session, legal_entity_id, phone, now, lambda mac: keys.keyed_hash("mac", mac) == device_hash, "guest")


def revoke_access(
    session: Session,
    legal_entity_id: int,
    phone: str,
    now: datetime,
    only: Callable[[str], bool] | None = None,
    reason: str = "erased",
) -> list[AccessGrant]:
    """End the live access of a phone's devices (all, or those whose MAC fits `only`), and that they may return without a
    code; returns the grants that ended."""
    remembered.forget_phone(session, legal_entity_id, phone, reason, now, only)
    here = select(Venue.id).where(Venue.legal_entity_id == legal_entity_id)
    wanted: list[Any] = [Identification.phone == phone, Identification.venue_id.in_(here)]
    live = [AccessGrant.revoked_at.is_(None), AccessGrant.expires_at > now]
    found = select(AccessGrant).join(Identification, AccessGrant.identification_id == Identification.id).where(*wanted, *live)
    ended = [grant for grant in session.scalars(found) if only is None or (grant.mac and only(grant.mac))]
    for grant in ended:
        grants.revoke(session, grant, reason, now)
    return ended


def lock_person(session: Session, legal_entity_id: int, phone: str) -> dict[int, str]:
    """Lock everything of a person: verifications, their SMS, visits, chain of consents, guest.

    A signup takes its visit before its verification, so the two can meet crosswise: doors call this within `patiently`,
    which steps back. Returns id and visit of the locked verifications: one that is made meanwhile belongs to the time after
    the erasure.
    """
    of_phone = (PhoneVerification.legal_entity_id == legal_entity_id, PhoneVerification.phone == phone)
    signups = select(PhoneVerification.id, PhoneVerification.visit_id).where(*of_phone).order_by(PhoneVerification.id)
    locked = {row.id: row.visit_id for row in session.execute(signups.with_for_update())}
    messages = select(SmsMessage.id).where(SmsMessage.verification_id.in_(locked)).order_by(SmsMessage.id)
    session.execute(messages.with_for_update())
    guest = select(Guest.id).where(Guest.legal_entity_id == legal_entity_id, Guest.phone == phone)
    visits = select(Visit.id).where(or_(Visit.public_id.in_(locked.values()), Visit.guest_id.in_(guest)))
    session.execute(visits.order_by(Visit.id).with_for_update())
    session.execute(select(ConsentChain.seq).where(ConsentChain.legal_entity_id == legal_entity_id).with_for_update())
    session.execute(guest.with_for_update())
    return locked


def guest_ids(session: Session, legal_entity_id: int, phone: str) -> list[int]:
    """The guest of a phone, if there is one."""
    mine = select(Guest.id).where(Guest.legal_entity_id == legal_entity_id, Guest.phone == phone)
    return list(session.scalars(mine))
