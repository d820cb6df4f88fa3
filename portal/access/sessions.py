"""Accounted sessions: what the guest's page says of them, and the end of those whose Stop never came."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, func, literal_column, select, update
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant, AccountingSession
from portal.core.db import UtcDateTime
from portal.venues.models import WifiPolicy

STALE_AFTER = 3  # interims in a row that did not come
LOST = "Lost-Carrier"  # RFC 2866 §5.10, value 2


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


def close_lost(session: Session, ids: Collection[int]) -> int:
    """End open sessions that their router no longer has, at the moment they were last heard of."""
    return _close(session, AccountingSession.id.in_(ids)) if ids else 0


def close_stale(session: Session, now: datetime) -> int:
    """End open sessions of which nothing was heard for three interims of their venue; one that is heard of again reopens."""
    closed = 0
    for seconds in session.scalars(select(WifiPolicy.interim_seconds).distinct()):
        here = select(WifiPolicy.venue_id).where(WifiPolicy.interim_seconds == seconds)
        silent = AccountingSession.updated_at < now - timedelta(seconds=STALE_AFTER * max(seconds, 60))
        closed += _close(session, silent, AccountingSession.venue_id.in_(here))
    return closed


def _close(session: Session, *which: Any) -> int:
    is_open = AccountingSession.stopped_at.is_(literal_column("NULL"))
    closed = session.execute(
        update(AccountingSession)
        .where(is_open, *which)
        .values(
            stopped_at=AccountingSession.updated_at, ended_by="silence", terminate_cause=LOST,
            revision=AccountingSession.revision + 1,
        ),
        execution_options={"synchronize_session": False},
    )  # fmt: skip
    return cast(CursorResult[Any], closed).rowcount
