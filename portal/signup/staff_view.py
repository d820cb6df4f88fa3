"""What staff may know of a guest who shows the number on the status page: how far it went. No phone, no device."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.access import grants, orders
from portal.access.captivity import passed_since
from portal.access.models import AccessGrant, GatewayOrder
from portal.acquisition.models import Visit

DEPTH = timedelta(days=2)  # as long as the status page's link lives
LENGTH = 6
_MOST = 5  # of numbers that happen to be alike


@dataclass(frozen=True, slots=True)
class WifiProgress:
    """One visit. `state`: waiting for the code, let_in, online, revoked, ended. `order` is the gateway's, `said` its answer;
    `put_out` is the newest order to end it or to change its terms."""

    venue_id: int
    arrived_at: datetime
    code_sent_at: datetime | None
    code_delivered_at: datetime | None
    verified_at: datetime | None
    state: str
    since: datetime | None
    ends_at: datetime | None
    order: str
    said: str
    put_out: GatewayOrder | None = None


def check_number(visit_public_id: str) -> str:
    """Six letters and digits that a guest can read out. Not a secret, and opens nothing."""
    return re.sub(r"[^A-Za-z0-9]", "", visit_public_id)[:LENGTH].upper()


def by_check_number(session: Session, number: str, venue_ids: Sequence[int], now: datetime) -> list[WifiProgress]:
    """The visits of the last two days at these venues that show this number, newest first."""
    wanted = check_number(number)
    if len(wanted) < LENGTH:
        return []
    shown = func.substr(func.upper(func.replace(func.replace(Visit.public_id, "-", ""), "_", "")), 1, LENGTH)
    query = select(Visit).where(Visit.venue_id.in_(venue_ids), Visit.arrived_at > now - DEPTH, shown == wanted)
    found = session.scalars(query.order_by(Visit.arrived_at.desc()).limit(_MOST)).all()
    return [_progress(session, visit, now) for visit in found]


def _progress(session: Session, visit: Visit, now: datetime) -> WifiProgress:
    grant = grants.by_visit(session, visit.public_id)
    since = passed_since(session, grant) if grant else None
    order = _order(session, grant) if grant else None
    return WifiProgress(
        visit.venue_id, visit.arrived_at, visit.code_sent_at, visit.code_delivered_at, visit.verified_at,
        _state(grant, since, now), since, grant.expires_at if grant else None,
        order.state if order else "", order.said if order else "", _put_out(session, grant) if grant else None,
    )  # fmt: skip


def _order(session: Session, grant: AccessGrant) -> GatewayOrder | None:
    query = select(GatewayOrder).where(GatewayOrder.grant_id == grant.id, GatewayOrder.verb == "let_in")
    return session.scalar(query.order_by(GatewayOrder.id.desc()).limit(1))


def _put_out(session: Session, grant: AccessGrant) -> GatewayOrder | None:
    return next(iter(orders.latest(session, GatewayOrder.grant_id == grant.id, limit=1)), None)


def _state(grant: AccessGrant | None, since: datetime | None, now: datetime) -> str:
    if grant is None:
        return "waiting"
    if grant.revoked_at is not None:
        return "revoked"
    if grant.expires_at <= now:
        return "ended"
    return "online" if since else "let_in"
