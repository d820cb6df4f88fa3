"""Grants and visits for tests of access, written as the signup writes them."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.access import grants
from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.mac import Mac
from portal.core.tokens import random_id
from portal.venues import directory
from portal.venues.models import Venue
from tests.support.house import House

PHONE_MAC = Mac("02aabbccdd01")
OTHER_MAC = Mac("02aabbccdd02")


def make_grant(session: Session, house: House, now: datetime, **changes: Any) -> AccessGrant:
    """A grant of PHONE_MAC at the house's venue; `changes` are `issue`'s arguments."""
    values: dict[str, Any] = {"visit_id": random_id(), "mac": PHONE_MAC, "gateway_id": house.gateway_id, **changes}
    venue = session.get_one(Venue, house.venue_id)
    return grants.issue(session, venue=venue, policy=directory.policy_of(session, house.venue_id), now=now, **values)


def make_visit(session: Session, house: House, now: datetime, *, verified: bool, visitor_class: str = "guest") -> str:
    """A Wi-Fi visit, proven or not; returns its public id."""
    visit = Visit(
        organization_id=house.organization_id, venue_id=house.venue_id, public_id=random_id(), entry="wifi",
        visitor_class=visitor_class, language="ru", arrived_at=now, phone_at=now if verified else None,
        verified_at=now if verified else None,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    return visit.public_id
