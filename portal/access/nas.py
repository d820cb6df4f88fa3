"""The RADIUS client that sent a packet: its name in FreeRADIUS decides the venue."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.venues.models import Nas


@dataclass(frozen=True, slots=True)
class KnownNas:
    """A router that we gave a secret to."""

    id: int
    organization_id: int
    venue_id: int
    name: str


def find_nas(session: Session, name: str) -> KnownNas | None:
    """The router of this client name, or None."""
    row = session.execute(_BY_NAME, {"name": name}).one_or_none()
    return KnownNas(*row) if row else None


_BY_NAME = select(Nas.id, Nas.organization_id, Nas.venue_id, Nas.name).where(Nas.name == bindparam("name"))
