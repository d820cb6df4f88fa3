"""Letting devices in where the worker does it: orders are looked for five times a second, and tried while the guest waits.

In threads of their own, apart from the SMS: a controller that does not answer takes seconds to fail. One that hangs holds
at most two of them, so that the guests of other houses do not wait for it.
"""

import json
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access import orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.core.db import refuse_inside_transaction
from portal.core.logging import following
from portal.gateways.base import ApiCall, CallResult, GatewaySettings
from portal.gateways.registry import gateway
from portal.jobs.house import House
from portal.signup import online
from portal.venues.models import GatewayConfig, Venue

ROUND_SECONDS = 0.2
THREADS, OF_ONE_GATEWAY = 8, 2
LET_IN: tuple[orders.Verb, ...] = ("let_in",)
LEASE = timedelta(seconds=15)  # longer than a talk; what a killed worker had in hand is taken up after it
WAITS = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16))
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Errand:
    """One order in hand, with what its talk needs."""

    order: GatewayOrder
    settings: GatewaySettings
    visit_id: str


class Openings:
    """`round()` takes up what is due; the talks go on in threads."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="opening")
        self._busy: Counter[int | None] = Counter()
        self._lock = threading.Lock()

    def round(self) -> int:
        """Start the talks that are due and that a thread is free for; returns how many."""
        free = THREADS - self._busy.total()
        if free <= 0 or not self._has_due():
            return 0
        errands = self._take(free)
        for errand in errands:
            self._pool.submit(self._run, errand)
        return len(errands)

    def close(self) -> None:
        """Let running talks end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _has_due(self) -> bool:
        """Asked of a reader first: the writer's turn is for those who write."""
        with self._house.database.reading() as session:
            return bool(orders.due_gateways(session, self._house.clock(), LET_IN))

    def _take(self, free: int) -> list[Errand]:
        now, errands = self._house.clock(), list[Errand]()
        with self._house.database.writing() as session:
            for place in orders.due_gateways(session, now, LET_IN):
                room = min(free - len(errands), OF_ONE_GATEWAY - self._busy[place[1]])
                if room > 0:
                    for order in orders.claim(session, now, verbs=LET_IN, of=place, lease=LEASE, limit=room):
                        errands += _errand(session, order, now)
        with self._lock:
            self._busy.update(errand.order.gateway_id for errand in errands)
        return errands

    def _run(self, errand: Errand) -> None:
        try:
            with following(errand.visit_id):
                self._settle(errand, talk(errand))
        except Exception:  # one bad order must not end the thread's work; it is taken up again after its lease
            log.exception("an opening failed")
        finally:
            with self._lock:
                self._busy[errand.order.gateway_id] -= 1

    def _settle(self, errand: Errand, result: CallResult) -> None:
        now, order = self._house.clock(), errand.order
        log.info("gateway opens", extra={"done": result.done, "said": result.said, "attempt": order.attempts})
        wait = WAITS[min(order.attempts, len(WAITS)) - 1]
        with self._house.database.writing() as session:
            if result.done:
                self._done(session, errand, result, now)
            elif result.retry and now + wait < order.expires_at:
                orders.again(session, order, result.said, now, at=now + wait)
            else:
                orders.settle(session, [order.id], "failed", result.said, now)

    def _done(self, session: Session, errand: Errand, result: CallResult, now: datetime) -> None:
        orders.settle(session, [errand.order.id], "done", result.said, now)
        grant = session.get_one(AccessGrant, errand.order.grant_id)
        if grant.revoked_at is not None:  # while we talked: who was put out first is in again
            orders.place(session, grant, "put_out", grant.revoked_reason or "revoked", now)
        elif result.online:
            online.came_online(session, errand.visit_id, now, gateway(errand.settings.kind).evidence)


def talk(errand: Errand) -> CallResult:
    """Have the talk of an order, with a session of its own."""
    refuse_inside_transaction()
    call = ApiCall("let_in", json.loads(errand.order.entry))
    with requests.Session() as http:
        return gateway(errand.settings.kind).carry_out(errand.settings, call, http)


def keep_opening(house: House, stop: threading.Event) -> None:
    """A round every fifth of a second until told to stop."""
    openings = Openings(house)
    while not stop.wait(ROUND_SECONDS):
        try:
            openings.round()
        except Exception:  # one bad round must not leave guests waiting for ever
            log.exception("openings could not be looked for")
    openings.close()


def _errand(session: Session, order: GatewayOrder, now: datetime) -> list[Errand]:
    """What an order needs; nobody is let in whose grant was ended meanwhile.

    Tried before: a worker that was killed may have let the device in after it had been put out.
    """
    query = (
        select(AccessGrant, GatewayConfig, Venue.code)
        .select_from(AccessGrant)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .join(GatewayConfig, GatewayConfig.id == order.gateway_id)
        .where(AccessGrant.id == order.grant_id)
    )
    grant, config, code = session.execute(query).one()
    if grant.revoked_at is not None:
        orders.settle(session, [order.id], "failed", "revoked", now)
        if order.attempts > 1:
            orders.place(session, grant, "put_out", grant.revoked_reason or "revoked", now)
        return []
    settings = GatewaySettings(config.kind, config.base_url, config.secret, code, config.options, config.script_key)
    return [Errand(order, settings, grant.visit_id)]
