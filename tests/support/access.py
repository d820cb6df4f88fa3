"""Grants and visits for tests of access, written as the signup writes them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.access import grants, identification
from portal.access.models import AccessGrant, AccountingSession, RememberedDevice
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.mac import Mac
from portal.core.phone import Phone, parse_phone
from portal.core.tokens import random_id
from portal.venues import directory
from portal.venues.models import Venue
from tests.support.house import House

ANNA = parse_phone("+7 903 123-45-67", ("RU",))
BORIS = parse_phone("+7 903 765-43-21", ("RU",))
PHONE_MAC = Mac("02aabbccdd01")
OTHER_MAC = Mac("02aabbccdd02")


def make_grant(session: Session, house: House, now: datetime, **changes: Any) -> AccessGrant:
    """A grant of PHONE_MAC at the house's venue; `changes` are `issue`'s arguments."""
    values: dict[str, Any] = {"visit_id": random_id(), "mac": PHONE_MAC, "gateway_id": house.gateway_id, **changes}
    venue = session.get_one(Venue, house.venue_id)
    return grants.issue(session, venue=venue, policy=directory.policy_of(session, house.venue_id), now=now, **values)


def log_in(grant: AccessGrant, now: datetime) -> tuple[str, str]:
    """The name and the password that the grant's device logs in with at a moment."""
    login = grants.login(grant, now)
    return login.user_name, login.password


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


def make_proof(
    session: Session, settings: Settings, house: House, now: datetime, phone: Phone = ANNA, mac: Mac = PHONE_MAC
) -> int:
    """A register row: this phone was proven on this device by an SMS code."""
    venue, policy = directory.venue_by_id(session, house.venue_id), directory.policy_of(session, house.venue_id)
    return identification.identify(
        session, settings, venue, phone, mac=mac, ip="10.0.0.9", gateway_id=house.gateway_id, policy=policy, now=now
    ).id


def make_remembered(
    session: Session, settings: Settings, house: House, now: datetime, phone: Phone = ANNA, mac: Mac = PHONE_MAC, **changes: Any
) -> RememberedDevice:
    """A device that was proven at `now` and is remembered for 30 days; `changes` are columns."""
    values: dict[str, Any] = {
        "organization_id": house.organization_id, "legal_entity_id": house.legal_entity_id, "venue_id": house.venue_id,
        "mac": mac.hex, "identification_id": make_proof(session, settings, house, now, phone, mac), "vouched": True,
        "since": now, "until": now + timedelta(days=30), **changes,
    }  # fmt: skip
    row = RememberedDevice(**values)
    session.add(row)
    session.flush()
    return row


def make_accounted(session: Session, house: House, grant: AccessGrant, began: datetime, **changes: Any) -> AccountingSession:
    """An open session of a grant's device that was just heard of; `changes` are columns."""
    values: dict[str, Any] = {
        "organization_id": house.organization_id, "venue_id": house.venue_id, "nas_id": house.nas_id,
        "acct_session_id": random_id(), "user_name": grant.user_name, "grant_id": grant.id, "mac": grant.mac,
        "started_at": began, "updated_at": began, **changes,
    }  # fmt: skip
    row = AccountingSession(**values)
    session.add(row)
    session.flush()
    return row
