"""Who is online at a venue just now, and putting one of them off by the word of the staff. No phone, no whole MAC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession, GatewayOrder
from portal.acquisition.models import Visit
from portal.core.db import UtcDateTime
from portal.core.errors import PortalError
from portal.signup.staff_view import check_number
from portal.venues.models import GatewayConfig, Nas

BY_STAFF = "staff"  # AccessGrant.revoked_reason
SHOWN_AFTERWARDS = timedelta(hours=1)  # whom staff put off: long enough to see what became of it
MOST = 300  # devices of one venue on the page, the newest
AT_LEASE_END = "behind NAT: waits for its lease to end"  # what the orders' worker says of a NAS that takes no orders
_OPEN = AccountingSession.stopped_at.is_(literal_column("NULL"))  # no parameter: the partial index would not be used


@dataclass(frozen=True, slots=True)
class OnlineDevice:
    """One device. `since` is None when it is off already; octets are None where its router counts nothing.

    `evidence`: see portal/gateways/base.py. `state`: on, asked, at_lease_end, done, failed; `said` is the router's last answer.
    """

    grant_id: int
    number: str
    family: str
    mac_tail: str
    gateway_kind: str
    nas_name: str
    since: datetime | None
    evidence: str
    down_octets: int | None
    up_octets: int | None
    ends_at: datetime
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class _Running:
    """The open sessions of one grant together. Octets as the router sees them: out is what the guest receives."""

    since: datetime | None
    out: int
    inward: int
    nas_name: str


def devices(session: Session, venue_id: int, now: datetime) -> list[OnlineDevice]:
    """Everybody who is online at a venue, and whom staff put off within the hour; the newest grant first. Four queries."""
    running = _running(session, venue_id)
    found = session.execute(_grants(venue_id, running, now)).all()
    ids = [grant.id for grant, _kind, _family in found]
    last = {order.grant_id: order for order in session.scalars(_put_outs(ids))}
    return [_device(grant, kind or "", family or "", running.get(grant.id), last.get(grant.id)) for grant, kind, family in found]


def put_off(session: Session, venue_ids: Sequence[int], grant_id: int, now: datetime) -> AccessGrant:
    """End a device's access at a venue: this grant and every other that it holds there, or a newer one would let it in again.

    The orders' worker tells the router. Raises PortalError `unknown_device` for one that is over or at a venue out of sight.
    """
    grant = session.get(AccessGrant, grant_id)
    if grant is None or grant.venue_id not in venue_ids or grant.revoked_at is not None:
        raise PortalError("unknown_device")
    same = AccessGrant.mac == grant.mac if grant.mac else AccessGrant.id == grant.id
    live = (AccessGrant.revoked_at.is_(None), or_(AccessGrant.expires_at > now, AccessGrant.id == grant.id))
    for one in session.scalars(select(AccessGrant).where(AccessGrant.venue_id == grant.venue_id, same, *live)).all():
        grants.revoke(session, one, BY_STAFF, now)
    return grant


def _running(session: Session, venue_id: int) -> dict[int, _Running]:
    here = select(Nas.id).where(Nas.venue_id == venue_id)
    query = (
        select(
            AccountingSession.grant_id,
            func.min(AccountingSession.started_at, type_=UtcDateTime()),
            func.sum(AccountingSession.output_octets),
            func.sum(AccountingSession.input_octets),
            func.max(Nas.name),
        )
        .join(Nas, Nas.id == AccountingSession.nas_id)
        .where(_OPEN, AccountingSession.nas_id.in_(here), AccountingSession.grant_id.is_not(None))
        .group_by(AccountingSession.grant_id)
    )
    return {
        grant_id: _Running(since, int(out), int(inward), name)
        for grant_id, since, out, inward, name in session.execute(query)
        if grant_id is not None
    }


def _grants(venue_id: int, running: dict[int, _Running], now: datetime) -> Select[AccessGrant, str, str]:
    # Grants are kept for long: what is recent is found in the index of (venue, MAC, end) alone.
    late = or_(AccessGrant.expires_at > now - SHOWN_AFTERWARDS, AccessGrant.id.in_(running))
    recent = select(AccessGrant.id).where(AccessGrant.venue_id == venue_id, late)
    accounted = exists().where(AccountingSession.grant_id == AccessGrant.id)
    online = AccessGrant.online_at.is_not(None)
    seen = and_(AccessGrant.revoked_at.is_(None), AccessGrant.expires_at > now, online, ~accounted)
    off = and_(AccessGrant.revoked_reason == BY_STAFF, AccessGrant.revoked_at > now - SHOWN_AFTERWARDS, online)
    return (
        select(AccessGrant, GatewayConfig.kind, Visit.device_family)
        .join(GatewayConfig, GatewayConfig.id == AccessGrant.gateway_id, isouter=True)
        .join(Visit, Visit.public_id == AccessGrant.visit_id, isouter=True)
        .where(AccessGrant.id.in_(recent), or_(AccessGrant.id.in_(running), seen, off))
        .order_by(AccessGrant.id.desc())
        .limit(MOST)
    )


def _put_outs(grant_ids: list[int]) -> Select[GatewayOrder]:
    mine = (GatewayOrder.grant_id.in_(grant_ids), GatewayOrder.verb == "put_out")
    return select(GatewayOrder).where(*mine).order_by(GatewayOrder.id)  # a dict of them keeps the last


def _device(grant: AccessGrant, kind: str, family: str, running: _Running | None, order: GatewayOrder | None) -> OnlineDevice:
    since = running.since if running else None if grant.revoked_at else grant.online_at
    return OnlineDevice(
        grant.id, check_number(grant.visit_id), family, grant.mac[-4:] if grant.mac else "", kind,
        running.nas_name if running else "", since, "accounting" if running else grant.online_evidence or "none",
        running.out if running else None, running.inward if running else None, grant.expires_at,
        _state(grant, running, order), order.said if order and grant.revoked_at else "",
    )  # fmt: skip


def _state(grant: AccessGrant, running: _Running | None, order: GatewayOrder | None) -> str:
    if grant.revoked_at is None:
        return "on"
    if order is None:
        return "asked" if running or grant.gateway_id else "done"
    if order.state == "waiting":
        return "at_lease_end" if order.said == AT_LEASE_END else "asked"
    return "done" if order.state == "done" else "failed"
