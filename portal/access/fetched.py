"""Routers that come to us: what they fetch, what they say they did, and whether it was they who said it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from portal.access import orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.core.mac import Mac
from portal.gateways.opennds_list import Farewell

WINDOW = 200  # waiting orders that are looked at: many times what one answer can hold
CLOCKS = timedelta(minutes=5)  # how far a router's clock may be from ours


def entries(session: Session, gateway_id: int, now: datetime) -> list[str]:
    """What authmon is to let in, newest first; those that somebody already called done go behind all others.

    So entries that the router has dealt with cannot starve new ones, and a forged word deletes nothing.
    """
    found = orders.waiting(session, gateway_id, "let_in", now, WINDOW)
    return [order.entry for order in sorted(found, key=lambda order: (order.said == _said(order), -order.id))]


def acknowledge(session: Session, gateway_id: int, names: Collection[str], now: datetime) -> list[str]:
    """Note that somebody, perhaps the router, called these entries done. Returns the visits of those that are waiting."""
    found = [o for o in orders.waiting(session, gateway_id, "let_in", now, WINDOW) if o.entry.partition(" ")[0] in names]
    for order in found:
        order.said = _said(order)
    session.flush()
    return _visits(session, [order.grant_id for order in found])


def came(session: Session, gateway_id: int, mac: Mac, now: datetime) -> list[str]:
    """The router itself says that a device is in: its order is done. Returns the visit, if its grant runs.

    One whose grant was ended while the router was letting it in is to be put out: the order for that found nobody there.
    """
    unexpired = _of_device(gateway_id, mac).where(AccessGrant.expires_at > now)
    grant = session.scalar(unexpired.where(AccessGrant.revoked_at.is_(None)))
    if grant is None:
        if ended := session.scalar(unexpired):
            reason = ended.revoked_reason or "revoked"
            orders.place_once(session, ended, reason, now, entry=mac.colons, session_id=None, fetched=True)
        return []
    waiting = (GatewayOrder.grant_id == grant.id, GatewayOrder.verb == "let_in", GatewayOrder.state == "waiting")
    ids = list(session.scalars(select(GatewayOrder.id).where(*waiting)))
    if ids:
        orders.settle(session, ids, "done", "the router let it in", now)
    return [grant.visit_id]


def put_out_done(session: Session, gateway_id: int, order_id: int, said: str, now: datetime) -> bool:
    """The router itself says that it did this order; False when it is none of its own that waits."""
    own = select(GatewayOrder.id).where(GatewayOrder.id == order_id, GatewayOrder.gateway_id == gateway_id)
    ids = list(session.scalars(own.where(GatewayOrder.verb == "put_out")))
    return orders.settle(session, ids, "done", said, now) > 0


def left(session: Session, gateway_id: int, gone: Farewell, now: datetime, *, verified: bool) -> bool:
    """Keep the figures of a session that is over on the grant that it ran under; False where there is none.

    Sessions that the router itself reported are added up, each once; a notice of unknown origin stands only until then.
    """
    began = (AccessGrant.starts_at <= gone.started_at + CLOCKS, AccessGrant.expires_at >= gone.started_at - CLOCKS)
    grant = session.scalar(_of_device(gateway_id, gone.mac).where(*began, AccessGrant.starts_at <= now))
    if grant is None or gone.ended_at > now + CLOCKS or (grant.router_verified and not verified):
        return False
    ended = grant.router_ended_at
    if verified and grant.router_verified and ended is not None and gone.ended_at <= ended:
        return False
    before = (grant.router_downloaded or 0, grant.router_uploaded or 0) if grant.router_verified else (0, 0)
    values = {
        "router_ended_at": gone.ended_at,
        "router_cause": gone.method,
        "router_downloaded": before[0] + gone.downloaded,
        "router_uploaded": before[1] + gone.uploaded,
        "router_verified": verified,
    }
    session.execute(update(AccessGrant).where(AccessGrant.id == grant.id).values(**values))
    return True


def _said(order: GatewayOrder) -> str:
    """A renewed order has another entry, which nobody has acknowledged yet."""
    return f"acknowledged {order.entry[:16]}"


def _visits(session: Session, grant_ids: Collection[int]) -> list[str]:
    return list(session.scalars(select(AccessGrant.visit_id).where(AccessGrant.id.in_(grant_ids)))) if grant_ids else []


def _of_device(gateway_id: int, mac: Mac) -> Select[AccessGrant]:
    mine: tuple[ColumnElement[bool], ...] = (AccessGrant.gateway_id == gateway_id, AccessGrant.mac == mac.hex)
    return select(AccessGrant).where(*mine).order_by(AccessGrant.id.desc()).limit(1)
