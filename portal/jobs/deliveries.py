"""Messages of the outbox, brought to the carrier by the worker."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.core.heartbeat import beat
from portal.core.logging import following
from portal.jobs.house import House
from portal.jobs.queue import Queue, Work, enqueue_look
from portal.signup import messages
from portal.signup.models import PhoneVerification
from portal.sms import budgets, outbox
from portal.sms.delivery import Postman
from portal.sms.errands import Bill
from portal.sms.models import SmsMessage

SWEEP_SECONDS = 1.0
BEAT_EVERY = timedelta(seconds=15)
_log = logging.getLogger(__name__)


class Deliveries(Work):
    """The queue's two tasks, with real parts."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._postman = postman(house)

    def deliver(self, message_id: int) -> None:
        """Send a queued message."""
        self._do(self._postman.deliver, message_id)

    def look_after(self, message_id: int) -> None:
        """Send it, learn what became of it, or ask whether it arrived."""
        self._do(self._postman.look_after, message_id)

    def _do(self, verb: Callable[[int], Bill | None], message_id: int) -> None:
        with following(self._visit_of(message_id)):
            bill = verb(message_id)
            if bill is None:
                return
            with self._house.database.writing() as session:
                budgets.settle(session, bill, self._house.clock(), self._house.settings)

    def _visit_of(self, message_id: int) -> str:
        visit = select(PhoneVerification.visit_id).join(SmsMessage, SmsMessage.verification_id == PhoneVerification.id)
        with self._house.database.reading() as session:
            return session.scalar(visit.where(SmsMessage.id == message_id)) or ""


def postman(house: House) -> Postman:
    """The postman with the signup's words."""
    settings = house.settings

    return Postman(
        database=house.database,
        sender=house.sender,
        compose=lambda session, message: messages.compose(session, settings, message),
        callback_url=lambda secret: f"{settings.base_url}/callbacks/smsaero/{secret}" if house.sender.name == "smsaero" else None,
        clock=house.clock,
        on_status=messages.on_status,
        on_price=messages.on_price,
    )


def sweep(house: House, queue: Queue) -> int:
    """Queue every message that is due to be looked at; returns how many. Writes only when there is one."""
    now = house.clock()
    with house.database.reading() as session:
        if not outbox.is_due(session, now):
            return 0
    with house.database.writing() as session:
        due = outbox.take_due(session, now)
    for message_id in due:
        enqueue_look(queue, message_id)
    return len(due)


def keep_sweeping(house: House, queue: Queue, stop: threading.Event) -> None:
    """Sweep every second and show a sign of life, until told to stop. A failing round is logged; the next one comes."""
    beaten: datetime | None = None
    while not stop.wait(SWEEP_SECONDS):
        try:
            sweep(house, queue)
            now = house.clock()
            if beaten is None or now - beaten >= BEAT_EVERY:
                with house.database.writing() as session:
                    beat(session, "worker", now)
                beaten = now
        except Exception:  # one bad second must not end the worker's watch
            _log.exception("the sweep failed")
