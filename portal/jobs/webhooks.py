"""Telling the outside of new members: found by a sweep, sent endpoint by endpoint, so that a dead one holds up nobody else."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy.orm import Session

from portal.jobs.house import House
from portal.reporting import alerts
from portal.signup import membership
from portal.webhooks import endpoints, outbox, posting, signing
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.posting import Reply

ROUND_SECONDS = 2.0
THREADS = 8
_log = logging.getLogger(__name__)


def sweep(house: House) -> int:
    """Queue a delivery for every member that an endpoint has not heard of; returns how many. Writes only when there is one."""
    now = house.clock()
    with house.database.reading() as session:
        new = {one.id: membership.unheard_of(session, one, outbox.KIND) for one in endpoints.live(session)}
    if not any(new.values()):
        return 0
    with house.database.writing() as session:
        return sum(_queue(session, endpoint, now) for endpoint in endpoints.live(session) if new.get(endpoint.id))


def move_on(house: House) -> None:
    """Let live endpoints begin behind the guests that are settled and told of, so that the sweep stays short."""
    now = house.clock()
    with house.database.writing() as session:
        for endpoint in endpoints.live(session):
            if not membership.unheard_of(session, endpoint, outbox.KIND):
                endpoints.move_on(session, endpoint, now)
        outbox.forget_done(session, now)


def visit(house: House, endpoint_id: int) -> int:
    """Send what is due at one endpoint, one after another, until one fails; returns how many arrived."""
    arrived = 0
    while True:
        with house.database.writing() as session:
            claimed = outbox.claim(session, endpoint_id, house.clock())
        if claimed is None or not send(house, *claimed):
            return arrived
        arrived += 1


def send(house: House, delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> bool:
    """One try. What is said is composed now: consents and the owner's wish are those of this moment."""
    now = house.clock()
    with house.database.reading() as session:
        facts = membership.told_of(session, house.settings.keys, delivery.guest_id, with_phone=endpoint.with_phone)
    if facts is None:
        return True  # erased meanwhile; its delivery went along
    reply = talk(
        endpoint.url,
        endpoint.secret,
        delivery.public_id,
        membership.envelope(delivery.kind, facts, now),
        now,
        house.settings.demo,
    )
    _log.info("webhook", extra={"delivery": delivery.id, "http_status": reply.status, "error": reply.error})
    with house.database.writing() as session:
        stopped = outbox.settle(session, delivery.id, reply, house.clock())
        if stopped is not None:
            alerts.webhook_stopped(session, stopped.organization_id, stopped.venue_ids, stopped.public_id, now)
    return reply.taken


def talk(url: str, secret: str, message_id: str, content: bytes, now: datetime, demo: bool) -> Reply:
    """Sign and post. Outside any transaction."""
    return posting.post(url, content, signing.headers(secret, message_id, content, now), demo=demo)


def carry_out_due(house: House) -> int:
    """Find and send everything that is due, here and now; returns how many arrived."""
    sweep(house)
    with house.database.reading() as session:
        due = outbox.due_endpoints(session, house.clock())
    return sum(visit(house, endpoint_id) for endpoint_id in due)


class Watch:
    """Keeps one thread at each endpoint that has something due."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._busy: set[int] = set()
        self._lock = threading.Lock()

    def round(self, pool: ThreadPoolExecutor) -> None:
        """Queue what is new and send a thread to each endpoint that has none."""
        sweep(self._house)
        with self._house.database.reading() as session:
            due = outbox.due_endpoints(session, self._house.clock())
        for endpoint_id in due:
            with self._lock:
                if endpoint_id in self._busy:
                    continue
                self._busy.add(endpoint_id)
            pool.submit(self._visit, endpoint_id)

    def _visit(self, endpoint_id: int) -> None:
        try:
            visit(self._house, endpoint_id)
        except Exception:
            _log.exception("a webhook failed", extra={"endpoint": endpoint_id})
        finally:
            with self._lock:
                self._busy.discard(endpoint_id)


def keep_telling(house: House, stop: threading.Event) -> None:
    """A round every two seconds until told to stop. A failing round is logged; the next one comes."""
    watch = Watch(house)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks") as pool:
        while not stop.wait(ROUND_SECONDS):
            try:
                watch.round(pool)
            except Exception:  # one bad round must not end the telling
                _log.exception("webhooks could not be looked at")
        pool.shutdown(wait=False, cancel_futures=True)


def _queue(session: Session, endpoint: WebhookEndpoint, now: datetime) -> int:
    session.refresh(endpoint, with_for_update=True)  # another worker may have queued the same meanwhile, or be about to
    guests = membership.unheard_of(session, endpoint, outbox.KIND)
    outbox.queue(session, endpoint, guests, now)
    return len(guests)
