"""Grants that a browser cannot open: the order for the worker, or for the router to fetch, stands in the grant's transaction.

Which gateways these are the arrival already says (`w`, sealed into the visit's token), so that all others cost nothing here.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from portal.access import grants, orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.core.mac import Mac
from portal.gateways.base import ApiCall, GatewaySettings, LetIn, Outcome, RouterEntry
from portal.gateways.registry import gateway
from portal.signup.models import PhoneVerification
from portal.venues.models import GatewayConfig, Venue

PATIENCE = timedelta(seconds=60)  # how long a gateway's API is tried while the guest waits
POLLED_WITHIN = timedelta(minutes=10)  # how long a router may take to fetch: then the guest is long gone from the page
REOPEN_AFTER = timedelta(seconds=20)  # a device that was let in and is still sent to us: its next page, or truly shut out
State = Literal["", "waiting", "done", "failed"]


def order_opening(session: Session, grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> int | None:
    """Order what opens the gateway to this grant; its id, or None where the browser does it. `arrival` is the newest."""
    if not arrival.get("w"):
        return None
    gateway_id, outcome = _outcome(session, grant, arrival, now)
    if isinstance(outcome, ApiCall):
        return _place(session, grant, gateway_id, json.dumps(dict(outcome.facts)), now, PATIENCE, fetched=False)
    if isinstance(outcome, RouterEntry):
        return _place(session, grant, gateway_id, outcome.text, now, POLLED_WITHIN, fetched=True)
    return None


def _outcome(session: Session, grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> tuple[int, Outcome | None]:
    at = arrival.get("gateway_id", grant.gateway_id)  # a guest may have walked over to another of the venue's
    found = session.execute(_SETTINGS, {"gateway": at, "venue": grant.venue_id}).one_or_none()
    if found is None:
        return 0, None
    config, venue_code = found
    settings = GatewaySettings(config.kind, config.base_url, config.secret, venue_code, config.options, config.script_key)
    return config.id, gateway(config.kind).let_in(settings, _let_in(grant, arrival, now), now)


def _place(
    session: Session, grant: AccessGrant, gateway_id: int, entry: str, now: datetime, within: timedelta, *, fetched: bool
) -> int:
    ends = min(now + within, grant.expires_at)
    order_id = orders.place(session, grant, "let_in", "grant", now, entry=entry, expires_at=ends, fetched=fetched)
    here = update(GatewayOrder).where(GatewayOrder.id == order_id, GatewayOrder.gateway_id != gateway_id)
    session.execute(here.values(gateway_id=gateway_id))
    return order_id


def state_of(session: Session, grant: AccessGrant, now: datetime) -> State:
    """How far the opening of a grant is: "" where the browser opens the gateway."""
    order = _newest(session, grant)
    if order is None:
        return ""
    if order.state == "waiting":
        return "waiting" if now < order.expires_at else "failed"
    return "done" if order.state == "done" else "failed"


def needs_reopening(session: Session, grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> bool:
    """Whether a device with a running grant, seen shut out, should be ordered in again. A storm of its probes is not.

    Where the router fetches, a device under a new name is: the router was restarted or lost it, and the old name opens nothing.
    """
    order = _newest(session, grant)
    if order is None or now >= (order.done_at or order.expires_at) + REOPEN_AFTER:
        return True
    names = {_name(session, grant, one, now) for one in (arrival, _of_its_mac(arrival))} - {""}
    return bool(names) and order.entry.partition(" ")[0] not in names


def reopen(session: Session, grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> int | None:
    """Order it in again where that is due; of many at once one does.

    A MAC that only the browser told is let in by the MAC: what else it brought may open the gateway to another device.
    """
    if not arrival.get("w") or not needs_reopening(session, grant, arrival, now):
        return None
    return order_opening(session, grant, arrival if arrival.get("vouched") else _of_its_mac(arrival), now)


def _of_its_mac(arrival: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in arrival.items() if key != "x"}


def _name(session: Session, grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> str:
    """What a router that fetches would call this device; empty for all others."""
    _gateway_id, outcome = _outcome(session, grant, arrival, now)
    return outcome.text.partition(" ")[0] if isinstance(outcome, RouterEntry) else ""


def try_again(session: Session, grant: AccessGrant, now: datetime) -> int | None:
    """Order what has failed once more, as the guest asks: with the values that the signup came with, if it was one."""
    if grant.revoked_at is not None or grant.expires_at <= now or state_of(session, grant, now) != "failed":
        return None
    of_visit = select(PhoneVerification.arrival).where(PhoneVerification.visit_id == grant.visit_id)
    arrival = session.scalar(of_visit.order_by(PhoneVerification.id.desc()).limit(1))
    return order_opening(session, grant, arrival or {"w": 1}, now)


def _newest(session: Session, grant: AccessGrant) -> GatewayOrder | None:
    return session.scalar(
        select(GatewayOrder)
        .where(GatewayOrder.grant_id == grant.id, GatewayOrder.verb == "let_in")
        .order_by(GatewayOrder.id.desc())
        .limit(1)
    )


def _let_in(grant: AccessGrant, arrival: Mapping[str, Any], now: datetime) -> LetIn:
    login, expires = grants.login(grant, now), arrival.get("xe")
    return LetIn(
        mac=Mac(grant.mac) if grant.mac else None, user_name=login.user_name, password=login.password,
        session_seconds=max(0, int((grant.expires_at - now).total_seconds())), return_url="", ip=arrival.get("ip"),
        up_kbps=grant.up_kbps, down_kbps=grant.down_kbps, extra=arrival.get("x", {}),
        challenge_expires_at=datetime.fromtimestamp(expires, UTC) if expires else None,
    )  # fmt: skip


_SETTINGS = (
    select(GatewayConfig, Venue.code)
    .join(Venue, Venue.id == GatewayConfig.venue_id)
    .where(GatewayConfig.id == bindparam("gateway"), Venue.id == bindparam("venue"))
)
