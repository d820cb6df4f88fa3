"""The RADIUS client that sent a packet: its name in FreeRADIUS decides the venue."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.venues.models import GatewayConfig, Nas


@dataclass(frozen=True, slots=True)
class KnownNas:
    """A router that we gave a secret to."""

    id: int
    organization_id: int
    venue_id: int
    name: str
    gateway_id: int | None = None
    kind: str | None = None  # of its gateway
    short_lease_seconds: int | None = None  # longest Session-Timeout, where it takes no Disconnect


def find_nas(session: Session, name: str) -> KnownNas | None:
    """The router of this client name, or None."""
    row = session.execute(_BY_NAME, {"name": name}).one_or_none()
    return KnownNas(*row) if row else None


COLUMNS = (
    Nas.id,
    Nas.organization_id,
    Nas.venue_id,
    Nas.name,
    Nas.gateway_id,
    GatewayConfig.kind,
    Nas.short_lease_seconds,
)
_BY_NAME = (
    select(*COLUMNS)
    .join_from(Nas, GatewayConfig, GatewayConfig.id == Nas.gateway_id, isouter=True)
    .where(Nas.name == bindparam("name"))
)
