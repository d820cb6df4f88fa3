"""Phones and devices that a legal entity's Wi-Fi refuses, by staff's word, until the word is taken back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from portal.access import grants, remembered
from portal.access.models import AccessBlock, AccessGrant, Identification
from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.venues.models import LegalEntity, Venue

MOST_REASON = 200


def block(
    session: Session, entity: LegalEntity, *, phone: Phone | None, mac: Mac | None, reason: str, staff_name: str, now: datetime
) -> tuple[AccessBlock, list[AccessGrant]]:
    """Refuse a phone, a device or both from now on, put their devices offline and forget them.

    Returns the block and the grants that ended with it. Raises PortalError `nothing_to_block`, `no_reason`.
    """
    if phone is None and mac is None:
        raise PortalError("nothing_to_block")
    if not reason.strip():
        raise PortalError("no_reason")
    made = AccessBlock(
        organization_id=entity.organization_id, legal_entity_id=entity.id, mac=mac.hex if mac else None,
        phone=phone.e164 if phone else None, reason=reason.strip()[:MOST_REASON], staff_name=staff_name[:120], created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if phone:
        remembered.forget_phone(session, entity.id, phone.e164, "blocked", now)
    if mac:
        remembered.forget_devices(session, {mac.hex}, entity.id, "blocked", now)
    ended = _running(session, made, now)
    for grant in ended:
        grants.revoke(session, grant, "blocked", now)
    return made, ended


def unblock(session: Session, legal_entity_ids: Sequence[int], block_id: int, now: datetime) -> AccessBlock:
    """Take a block back. Raises PortalError `unknown_block` for one that is over or another's."""
    found = session.get(AccessBlock, block_id)
    if found is None or found.legal_entity_id not in legal_entity_ids or found.ended_at is not None:
        raise PortalError("unknown_block")
    found.ended_at = now
    session.flush()
    return found


def catch_up(session: Session, now: datetime) -> int:
    """End what a block and a code that was typed at the same moment did not see of each other; returns how many grants."""
    standing = list(session.scalars(select(AccessBlock).where(AccessBlock.ended_at.is_(None))))
    ended = [grant for one in standing for grant in _running(session, one, now)]
    for grant in ended:
        grants.revoke(session, grant, "blocked", now)
    return len(ended)


def stands(session: Session, legal_entity_id: int, phone: str | None, mac: str | None) -> bool:
    """A block of this phone (E.164) or of this device (12 hex digits) is in force."""
    named = ((AccessBlock.phone, phone), (AccessBlock.mac, mac))
    whose = or_(false(), *(column == value for column, value in named if value))
    here = (AccessBlock.legal_entity_id == legal_entity_id, AccessBlock.ended_at.is_(None))
    return session.scalar(select(AccessBlock.id).where(*here, whose).limit(1)) is not None


def in_force(session: Session, legal_entity_ids: Sequence[int]) -> list[AccessBlock]:
    """The newest first."""
    mine = select(AccessBlock).where(AccessBlock.legal_entity_id.in_(legal_entity_ids), AccessBlock.ended_at.is_(None))
    return list(session.scalars(mine.order_by(AccessBlock.id.desc())))


def _running(session: Session, made: AccessBlock, now: datetime) -> list[AccessGrant]:
    here = select(Venue.id).where(Venue.legal_entity_id == made.legal_entity_id)
    whose = or_(
        AccessGrant.mac == made.mac,
        AccessGrant.identification_id.in_(select(Identification.id).where(Identification.phone == made.phone)),
    )
    live = (AccessGrant.venue_id.in_(here), AccessGrant.revoked_at.is_(None), AccessGrant.expires_at > now)
    return list(session.scalars(select(AccessGrant).where(whose, *live)))
