"""What a member of staff, or a key, may see: the venues of their organization, or the part of them that they were given."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from portal.staff.models import ROLES, ApiToken, StaffUser
from portal.venues.models import Venue


def is_at_least(user: StaffUser, role: str) -> bool:
    """True when the person's role is this one or above it (owner > marketer > staff)."""
    return ROLES.index(user.role) <= ROLES.index(role)


def venues(session: Session, user: StaffUser | ApiToken) -> list[Venue]:
    """Every venue in sight, by name, with its legal entity."""
    query = select(Venue).where(Venue.organization_id == user.organization_id)
    if user.venue_ids:
        query = query.where(Venue.id.in_(user.venue_ids))
    return list(session.scalars(query.options(joinedload(Venue.legal_entity)).order_by(Venue.name, Venue.id)))


def venue(session: Session, user: StaffUser | ApiToken, code: str) -> Venue | None:
    """One venue by its code: None for another tenant's exactly as for one that does not exist."""
    query = select(Venue).where(Venue.organization_id == user.organization_id, Venue.code == code)
    if user.venue_ids:
        query = query.where(Venue.id.in_(user.venue_ids))
    return session.scalar(query.options(joinedload(Venue.legal_entity)))
