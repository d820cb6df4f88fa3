"""One order's talk with its gateway or NAS, outside any transaction, and what it came to."""

import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access import endings, orders
from portal.access.authorization import may_go_on
from portal.access.models import AccessGrant, AccountingSession, GatewayOrder
from portal.core.db import refuse_inside_transaction
from portal.core.mac import Mac
from portal.gateways import radius_dynamic
from portal.gateways.base import ApiCall, ByRadius, GatewaySettings, RouterEntry
from portal.gateways.radius_dynamic import Answered, NasSession, Terms
from portal.gateways.registry import gateway
from portal.jobs.nas_talk import ask
from portal.venues.models import GatewayConfig, Nas, Venue

LOOK_AGAIN = timedelta(seconds=60)  # at a session whose NAS cannot be reached
MOST_SESSIONS = 20  # of one grant at once: more would outlast the lease


@dataclass(frozen=True, slots=True)
class Running:
    """An open session and where its NAS takes orders. `address` is empty for a NAS behind NAT."""

    id: int
    name: NasSession
    address: str
    port: int
    secret: str = field(repr=False)
    kind: str | None
    terms: Terms | None = None  # what it may have from now on; None where that is not known


@dataclass(frozen=True, slots=True)
class Errand:
    """Everything that the talk needs, read beforehand."""

    order: GatewayOrder
    grant: AccessGrant
    settings: GatewaySettings | None
    running: tuple[Running, ...]
    let_in_again: bool


@dataclass(frozen=True, slots=True)
class Result:
    """`said` is for the owner. `silent`: nobody answered; `answered`: somebody did what was asked; `gone`: session ids
    that the NAS no longer has; `at`: when to look again, if not by how often it was tried."""

    state: orders.State | Literal["again"]
    said: str
    silent: bool = False
    answered: bool = False
    gone: tuple[int, ...] = ()
    at: datetime | None = None


def load(session: Session, order: GatewayOrder, now: datetime) -> Errand:
    """Read what an order in hand is about."""
    grant, config, code = session.execute(
        select(AccessGrant, GatewayConfig, Venue.code)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .join(GatewayConfig, GatewayConfig.id == AccessGrant.gateway_id, isouter=True)
        .where(AccessGrant.id == order.grant_id)
    ).one()
    again = session.scalar(select(orders.let_in_again()).where(AccessGrant.id == grant.id)) or False
    return Errand(order, grant, endings.settings_of(config, code), _running(session, order, grant, now), again)


def carry_out(errand: Errand, now: datetime) -> Result:
    """Have the talk. Never raises for what a gateway or NAS does or fails to do."""
    refuse_inside_transaction()
    if errand.order.session_id is not None and not errand.running:
        return Result("done", "the session had ended")
    return _change(errand, now) if errand.order.verb == "change" else _put_out(errand, now)


def _put_out(errand: Errand, now: datetime) -> Result:
    settings, mac = errand.settings, errand.grant.mac
    outcome = gateway(settings.kind).put_out(settings, Mac(mac), now) if settings and mac else ByRadius()
    if isinstance(outcome, ApiCall) and settings:
        return _call(settings, outcome, errand)
    if isinstance(outcome, RouterEntry):  # it became one after the order was placed
        return Result("again", "waits for the router", at=errand.order.expires_at)
    return _ask_each(errand, now, lambda one, number: radius_dynamic.disconnect(one.name, one.secret, number, now))


def _call(settings: GatewaySettings, call: ApiCall, errand: Errand) -> Result:
    if errand.let_in_again:
        return Result("done", "let in again")
    with requests.Session() as http:
        result = gateway(settings.kind).carry_out(settings, call, http)
    if result.done:
        return Result("done", result.said, answered=True)
    return Result("again" if result.retry else "failed", result.said, silent=result.retry)


def _change(errand: Errand, now: datetime) -> Result:
    if any(one.terms is None for one in errand.running):
        return Result("failed", "holds from the next login")
    return _ask_each(errand, now, lambda one, number: _new_terms(one, number, now))


def _new_terms(one: Running, number: int, now: datetime) -> radius_dynamic.Request:
    assert one.terms is not None
    return radius_dynamic.change(one.name, one.terms, one.kind, one.secret, number, now)


def _ask_each(errand: Errand, now: datetime, request: Callable[[Running, int], radius_dynamic.Request]) -> Result:
    """Ask the NAS of every open session; the whole order is tried again until each of them has an answer."""
    if not errand.running:
        return Result("done", "no session was open")
    said, left, answered = "", 0, False
    gone: list[int] = []
    for one in errand.running:
        if not one.address:
            return Result("again", "behind NAT: waits for its lease to end", gone=tuple(gone), at=now + LOOK_AGAIN)
        answer = ask(one.address, one.port, request(one, secrets.randbelow(256)))
        if answer is None:
            return Result("again", "no answer from the NAS", silent=True, gone=tuple(gone))
        said, answered = _words(answer), answered or answer.ack
        gone += [one.id] if answer.gone else []
        left += 0 if answer.ack or answer.gone else 1
    return Result("again" if left else "done", said, answered=answered, gone=tuple(gone))


def _words(answer: Answered) -> str:
    if answer.ack:
        return "ACK"
    return "NAK: no such session" if answer.gone else f"NAK {answer.cause}"


def _running(session: Session, order: GatewayOrder, grant: AccessGrant, now: datetime) -> tuple[Running, ...]:
    mine = AccountingSession.grant_id == grant.id if order.session_id is None else AccountingSession.id == order.session_id
    found = (
        select(AccountingSession, Nas, GatewayConfig.kind)
        .join(Nas, Nas.id == AccountingSession.nas_id)
        .join(GatewayConfig, GatewayConfig.id == Nas.gateway_id, isouter=True)
        .where(mine, AccountingSession.stopped_at.is_(None))
        .order_by(AccountingSession.id)
        .limit(MOST_SESSIONS)
    )
    changed = order.verb == "change"
    return tuple(
        _one(row, nas, kind, _terms(session, row, nas, grant, now) if changed else None)
        for row, nas, kind in session.execute(found)
    )


def _one(row: AccountingSession, nas: Nas, kind: str | None, terms: Terms | None) -> Running:
    name = NasSession(row.user_name, "" if _shortened(row.acct_session_id) else row.acct_session_id)
    return Running(row.id, name, reachable_at(nas), nas.coa_port, nas.secret, kind, terms)


def _terms(session: Session, row: AccountingSession, nas: Nas, grant: AccessGrant, now: datetime) -> Terms | None:
    """By the rules of a login, counted from the session's beginning as routers do; a moment, where nothing is left."""
    may = may_go_on(session, nas.name, grant, now)
    if not may.accept and may.reason != "used_up":
        return None
    lasted = int((now - (row.started_at or row.updated_at)).total_seconds())
    return Terms(lasted + max(may.session_timeout, 1), grant.up_kbps, grant.down_kbps)


def reachable_at(nas: Nas) -> str:
    """Where a NAS takes Disconnect-Requests; empty behind NAT, or where only a network of addresses is known."""
    if nas.coa_address is not None:
        return nas.coa_address
    try:
        return str(ipaddress.ip_address(nas.address))
    except ValueError:
        return ""


def _shortened(acct_session_id: str) -> bool:
    """An id longer than its column was stored as its start and a hash: the NAS would not know it."""
    return len(acct_session_id) == 120 and acct_session_id[79] == "~"
