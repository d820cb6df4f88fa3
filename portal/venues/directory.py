"""Look-ups of venues and of what belongs to them."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from portal.core.errors import PortalError
from portal.venues.models import GatewayConfig, Venue, WifiPolicy

_BY_ID = select(Venue).where(Venue.id == bindparam("venue")).options(joinedload(Venue.legal_entity))


def venue_by_code(session: Session, code: str) -> Venue | None:
    """The venue of a link, with its legal entity."""
    if "\0" in code:  # PostgreSQL would refuse the query
        return None
    return session.scalar(select(Venue).where(Venue.code == code).options(joinedload(Venue.legal_entity)))


def venue_by_id(session: Session, venue_id: int) -> Venue:
    """A venue that is known to exist, with its legal entity. Raises PortalError `unknown_venue`."""
    venue = session.scalar(_BY_ID, {"venue": venue_id})
    if venue is None:
        raise PortalError("unknown_venue")
    return venue


def venues_of(session: Session, legal_entity_id: int) -> list[Venue]:
    """Every venue of a legal entity."""
    return list(session.scalars(select(Venue).where(Venue.legal_entity_id == legal_entity_id).order_by(Venue.id)))


def policy_of(session: Session, venue_id: int) -> WifiPolicy:
    """The Wi-Fi policy in force at a venue. Raises PortalError `unknown_venue`."""
    policy = session.get(WifiPolicy, venue_id)
    if policy is None:
        raise PortalError("unknown_venue")
    return policy


def gateways_of(session: Session, venue_id: int) -> list[GatewayConfig]:
    """The configured gateways of a venue: the only places outside that a guest may be sent to."""
    return list(session.scalars(select(GatewayConfig).where(GatewayConfig.venue_id == venue_id).order_by(GatewayConfig.id)))
