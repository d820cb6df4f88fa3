"""Making organizations, legal entities, venues, gateways and RADIUS clients."""

import re
import secrets
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.venues.models import GatewayConfig, LegalEntity, Nas, Organization, Venue, WifiPolicy

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])?\Z")


def create_organization(session: Session, name: str, now: datetime) -> Organization:
    """A new tenant."""
    organization = Organization(name=name, created_at=now)
    session.add(organization)
    session.flush()  # callers need its id
    return organization


def create_legal_entity(session: Session, organization: Organization, now: datetime, **fields: Any) -> LegalEntity:
    """The operator of personal data; `fields` are LegalEntity's columns."""
    entity = LegalEntity(organization_id=organization.id, created_at=now, **fields)
    session.add(entity)
    session.flush()  # callers need its id
    return entity


def create_venue(
    session: Session, entity: LegalEntity, code: str, name: str, timezone: str, now: datetime, **fields: Any
) -> Venue:
    """A venue with the default Wi-Fi policy, not yet live. Raises PortalError `bad_code` or `bad_timezone`."""
    if not _CODE.match(code):
        raise PortalError("bad_code")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PortalError("bad_timezone") from error
    venue = Venue(
        organization_id=entity.organization_id, legal_entity=entity, code=code, name=name, timezone=timezone,
        created_at=now, **{"fields": {}, **fields},
    )  # fmt: skip
    session.add(venue)
    session.flush()  # the policy needs its id
    session.add(WifiPolicy(venue_id=venue.id, organization_id=venue.organization_id, updated_at=now))
    return venue


def add_gateway(
    session: Session, venue: Venue, kind: str, base_url: str, now: datetime, options: dict[str, Any] | None = None
) -> GatewayConfig:
    """A gateway with random secrets of its own."""
    gateway = GatewayConfig(
        organization_id=venue.organization_id, venue_id=venue.id, kind=kind, base_url=base_url.rstrip("/"),
        secret=secrets.token_urlsafe(32), key=secrets.token_hex(12), script_key=secrets.token_urlsafe(24), options=options or {},
        created_at=now,
    )  # fmt: skip
    session.add(gateway)
    session.flush()  # callers need its id
    return gateway


def add_nas(
    session: Session, venue: Venue, name: str, address: str, now: datetime, gateway_id: int | None = None, port: int | None = None
) -> Nas:
    """A RADIUS client with a random 32-character secret. One on a changing address has a `port` and no address."""
    nas = Nas(
        organization_id=venue.organization_id, venue_id=venue.id, gateway_id=gateway_id, name=name, address=address, port=port,
        secret=secrets.token_hex(16), created_at=now,
    )  # fmt: skip
    session.add(nas)
    session.flush()  # callers need its id
    return nas
