"""A venue's changed Wi-Fi policy, brought to who is online: their grants at once, their sessions by CoA where a NAS takes it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from portal.access import orders
from portal.access.models import AccessGrant, AccountingSession
from portal.venues.models import Nas, WifiPolicy


def spread(session: Session, policy: WifiPolicy, now: datetime) -> int:
    """Give every running grant of the venue the policy's speeds and pauses, and no more than its time; returns how many.

    Nobody's time gets longer: a longer one is had by logging in again. Open sessions get an order for a CoA-Request; where
    the NAS takes none, what a session was told holds until it ends.
    """
    running = [AccessGrant.venue_id == policy.venue_id, AccessGrant.revoked_at.is_(None), AccessGrant.expires_at > now]
    found = list(session.scalars(select(AccessGrant).where(*running)))
    for grant in found:
        changes = _shorter(grant, policy) | {name: getattr(policy, name) for name in ("idle_seconds", "down_kbps", "up_kbps")}
        session.execute(update(AccessGrant).where(AccessGrant.id == grant.id).values(changes))
    for grant, number in _open_sessions(session, running):
        orders.place(session, grant, "change", "policy", now, session_id=number)
    return len(found)


def _shorter(grant: AccessGrant, policy: WifiPolicy) -> dict[str, Any]:
    """A voucher's time is the voucher's own."""
    if grant.voucher_id is not None or grant.session_seconds <= policy.session_seconds:
        return {}
    ends = grant.starts_at + timedelta(seconds=policy.session_seconds)
    return {"session_seconds": policy.session_seconds, "expires_at": min(grant.expires_at, ends)}


def _open_sessions(session: Session, running: list[Any]) -> list[tuple[AccessGrant, int]]:
    """Those whose NAS can be reached."""
    reachable = or_(and_(Nas.coa_address.is_(None), Nas.address != ""), Nas.coa_address != "")
    found = (
        select(AccessGrant, AccountingSession.id)
        .join_from(AccessGrant, AccountingSession, AccountingSession.grant_id == AccessGrant.id)
        .join(Nas, Nas.id == AccountingSession.nas_id)
        .where(*running, AccountingSession.stopped_at.is_(literal_column("NULL")), reachable)
        .order_by(AccountingSession.id)
    )
    return [(grant, number) for grant, number in session.execute(found)]
