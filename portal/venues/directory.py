"""Look-ups of venues and of what belongs to them."""

from dataclasses import dataclass

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


def gateways_of_kind(session: Session, kind: str) -> list[tuple[GatewayConfig, str]]:
    """Every gateway of a kind, with its venue's code: for kinds whose redirect does not name the venue."""
    found = select(GatewayConfig, Venue.code).join(Venue, Venue.id == GatewayConfig.venue_id).where(GatewayConfig.kind == kind)
    return [(config, code) for config, code in session.execute(found.order_by(GatewayConfig.id))]


def gateways_at(session: Session, venue_code: str, kind: str) -> list[GatewayConfig]:
    """The gateways of a kind at the venue of a link, in one statement: routers ask all day long."""
    if "\0" in venue_code:
        return []
    found = select(GatewayConfig).join(Venue, Venue.id == GatewayConfig.venue_id)
    return list(session.scalars(found.where(Venue.code == venue_code, GatewayConfig.kind == kind)))


def script_key_of(session: Session, key: str) -> tuple[int, str] | None:
    """Id and script key of the gateway of a public key, or None."""
    if not key.isascii() or not key.isalnum():
        return None
    row = session.execute(select(GatewayConfig.id, GatewayConfig.script_key).where(GatewayConfig.key == key)).one_or_none()
    return (row.id, row.script_key) if row else None


@dataclass(frozen=True, slots=True)
class KnownGateway:
    """A gateway as the addresses that its devices ask know it."""

    id: int
    kind: str
    base_url: str
    venue_id: int
    venue_code: str


def gateway_by_key(session: Session, key: str) -> KnownGateway | None:
    """The gateway of a public key, or None."""
    if not key.isascii() or not key.isalnum():
        return None
    row = session.execute(_BY_KEY, {"key": key}).one_or_none()
    return KnownGateway(*row) if row else None


_BY_KEY = (
    select(GatewayConfig.id, GatewayConfig.kind, GatewayConfig.base_url, Venue.id, Venue.code)
    .join(Venue, Venue.id == GatewayConfig.venue_id)
    .where(GatewayConfig.key == bindparam("key"))
)
