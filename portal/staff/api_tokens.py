"""Keys to the read-only API: 256 random bits, shown once, stored as a hash, for all venues or for some, revoked one by one."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.tokens import random_id, sha256_hex
from portal.staff.models import ApiToken, StaffUser

PREFIX = "vst_"  # so that scanners for leaked secrets know it
USED_EVERY = timedelta(minutes=5)
MOST = 50  # live ones of one organization


def create(session: Session, user: StaffUser, name: str, venue_ids: Sequence[int], now: datetime) -> tuple[ApiToken, str]:
    """Make one; without venues it sees all. Returns it with the token, which is stored nowhere.

    Raises PortalError `too_many_tokens`.
    """
    live = [one for one in of_organization(session, user.organization_id) if one.revoked_at is None]
    if len(live) >= MOST:
        raise PortalError("too_many_tokens")
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        organization_id=user.organization_id, public_id=random_id(), name=name, token_hash=sha256_hex(token.encode()),
        hint=token[-4:], venue_ids=list(venue_ids), created_by=f"{user.name} <{user.email}>"[-200:], created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, token


def find(session: Session, token: str) -> ApiToken | None:
    """The live key that this is; None for any other text."""
    if not token.startswith(PREFIX) or not token.isascii():
        return None
    mine = (ApiToken.token_hash == sha256_hex(token.encode()), ApiToken.revoked_at.is_(None))
    return session.scalar(select(ApiToken).where(*mine))


def touch(session: Session, row: ApiToken, now: datetime) -> None:
    """Write that it was used now, at most every five minutes."""
    if row.used_at is None or now - row.used_at >= USED_EVERY:
        session.execute(update(ApiToken).where(ApiToken.id == row.id).values(used_at=now))


def of_organization(session: Session, organization_id: int) -> list[ApiToken]:
    """Every one, live ones first, the newest first."""
    mine = select(ApiToken).where(ApiToken.organization_id == organization_id)
    return sorted(session.scalars(mine.order_by(ApiToken.id.desc())), key=lambda one: one.revoked_at is not None)


def outlive(session: Session, user: StaffUser) -> bool:
    """Whether a live one was made by this person: it is the organization's, and works on when the login is closed."""
    live = [one for one in of_organization(session, user.organization_id) if one.revoked_at is None]
    return any(one.created_by.endswith(f"<{user.email}>") for one in live)


def revoke(session: Session, organization_id: int, public_id: str, now: datetime) -> ApiToken | None:
    """End one; None for another organization's exactly as for one that does not exist or has ended."""
    mine = (ApiToken.organization_id == organization_id, ApiToken.public_id == public_id, ApiToken.revoked_at.is_(None))
    row = session.scalar(select(ApiToken).where(*mine))
    if row is not None:
        row.revoked_at = now
    return row
