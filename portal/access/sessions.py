"""What the guest's status page says of a grant: online since when, for how long still."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant, AccountingSession
from portal.core.db import UtcDateTime


def online_since(session: Session, grant: AccessGrant) -> datetime | None:
    """When the router began the session that is still open; None while the device is not online."""
    return session.scalar(
        select(func.min(AccountingSession.started_at, type_=UtcDateTime())).where(
            AccountingSession.grant_id == grant.id, AccountingSession.stopped_at.is_(None)
        )
    )


def time_left(grant: AccessGrant, now: datetime) -> timedelta:
    """How long the grant still holds; zero when it has expired or was revoked."""
    if grant.revoked_at is not None:
        return timedelta(0)
    return max(grant.expires_at - now, timedelta(0))
