"""Carrying out put-outs and changes: each gateway in a thread of its own turn, so that a dead one holds up nobody else."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from portal.access import endings, orders, sessions
from portal.access.models import GatewayOrder
from portal.core.db import Database
from portal.core.logging import following
from portal.jobs.errands import Errand, Result, carry_out, load
from portal.venues import signs

ROUND_SECONDS = 0.5
LOOK_THROUGH_EVERY = timedelta(seconds=60)  # every open session is looked at for a grant that has ended
THREADS = 16  # gateways at once: one that is dead holds its thread for some seconds
VERBS: tuple[orders.Verb, ...] = ("put_out", "change")  # a let-in has a watch of its own: somebody is waiting for it
log = logging.getLogger(__name__)
Place = tuple[int, int | None]


class Watch:
    """Finds who must be put out and keeps one thread at each gateway that has something due."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._busy: set[Place] = set()
        self._lock = threading.Lock()
        self._looked_through: datetime | None = None

    def place_endings(self) -> int:
        """Order what has to be put out; returns how many devices. Writes only when there is one."""
        now = self._clock()
        through = self._looked_through is None or now - self._looked_through >= LOOK_THROUGH_EVERY
        with self._database.reading() as session:
            found = endings.find(session, now, expired_too=through)
        if through:
            self._looked_through = now
        if not found and not through:
            return 0
        with self._database.writing() as session:  # another worker may have ordered the same meanwhile
            orders.expire(session, now)
            found = endings.find(session, now, expired_too=through) if found else []
            endings.place(session, found, now)
        return len(found)

    def round(self, pool: ThreadPoolExecutor) -> None:
        """Place what is missing and send a thread to each gateway that has none."""
        self.place_endings()
        with self._database.reading() as session:
            due = orders.due_gateways(session, self._clock(), VERBS)
        for place in due:
            with self._lock:
                if place in self._busy:
                    continue
                self._busy.add(place)
            pool.submit(self._visit, place)

    def visit(self, place: Place) -> int:
        """Do what is due at one gateway, one order after another; returns how many came to an end."""
        ended = 0
        while (order := self._claim(place)) is not None:
            try:
                ended += self._do(order)
            except Exception as error:  # one bad order must not stand before the others
                log.exception("an order failed", extra={"order": order.id})
                self._settle(order, Result("again", type(error).__name__))
        return ended

    def _visit(self, place: Place) -> None:
        try:
            self.visit(place)
        except Exception:
            log.exception("a gateway's orders failed", extra={"gateway": place[1]})
        finally:
            with self._lock:
                self._busy.discard(place)

    def _claim(self, place: Place) -> GatewayOrder | None:
        with self._database.writing() as session:
            return next(iter(orders.claim(session, self._clock(), verbs=VERBS, of=place)), None)

    def _do(self, order: GatewayOrder) -> bool:
        now = self._clock()
        with self._database.reading() as session:
            errand = load(session, order, now)
        with following(errand.grant.visit_id):
            result = carry_out(errand, now)
            log.info("gateway order", extra={"order": order.id, "verb": order.verb, "state": result.state, "said": result.said})
        return self._settle(order, result, errand)

    def _settle(self, order: GatewayOrder, result: Result, errand: Errand | None = None) -> bool:
        now = self._clock()
        with self._database.writing() as session:
            sessions.close_lost(session, result.gone)
            if result.state != "again":
                orders.settle(session, [order.id], result.state, result.said, now, held_until=order.next_at)
            else:
                until = orders.again(session, order, result.said, now, result.at)
                if result.silent:
                    orders.hold_others(session, order, now, until)
            if result.state == "done" and result.answered and order.gateway_id is not None and errand is not None:
                signs.note(session, order.gateway_id, "disconnect", now)
        return result.state != "again"


def carry_out_due(database: Database, clock: Callable[[], datetime]) -> int:
    """Order what has to be put out and do everything that is due, here and now; returns how many orders came to an end."""
    watch = Watch(database, clock)
    watch.place_endings()
    with database.reading() as session:
        due = orders.due_gateways(session, clock(), VERBS)
    return sum(watch.visit(place) for place in due)


def keep_carrying_out(database: Database, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """A round twice a second until told to stop. A failing round is logged; the next one comes."""
    watch = Watch(database, clock)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="orders") as pool:
        while not stop.wait(ROUND_SECONDS):
            try:
                watch.round(pool)
            except Exception:  # one bad round must not leave devices online for ever
                log.exception("gateway orders could not be looked at")
        pool.shutdown(wait=False, cancel_futures=True)
