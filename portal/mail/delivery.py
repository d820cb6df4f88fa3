"""From the outbox to a carrier, once.

`sending` is committed before the text is made and the carrier is called, so that a crash leaves a trace: past its lease such a
letter is `unknown` and is left alone, because nobody can be asked whether it went. Whoever needs it sends a new one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.clock import utcnow
from portal.core.db import Database
from portal.mail import outbox
from portal.mail.letters import Letter
from portal.mail.models import MailMessage
from portal.mail.senders.base import MailError, MailSender

LEASE = timedelta(minutes=10)  # longer than one try with a timeout at every step
AGAIN = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240, 480, 960))  # a day and a half in all
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Commission:
    """What a letter is about. `attempts` tells one try from the next."""

    message_id: int
    attempts: int
    staff_user_id: int
    kind: str
    reference: str
    facts: dict[str, Any]


Compose = Callable[[Session, Commission, datetime], Letter | None]


@dataclass(frozen=True, slots=True)
class Postman:
    """Carries letters with one sender. `compose` makes a letter as it leaves; None: it is no longer needed."""

    database: Database
    sender: MailSender
    compose: Compose
    clock: Callable[[], datetime] = utcnow

    def work(self) -> int:
        """Look after every letter that is due; returns how many. Writes only when there is one."""
        done = 0
        while self._is_due():
            with self.database.writing() as session:
                commission = _claim(session, self.clock())
            if commission is not None:
                self._carry(commission)
            done += 1
        return done

    def _is_due(self) -> bool:
        with self.database.reading() as session:
            return outbox.is_due(session, self.clock())

    def _carry(self, commission: Commission) -> None:
        try:
            with self.database.snapshot() as session:
                letter = self.compose(session, commission, self.clock())
        except Exception:  # one letter that cannot be written must not hold up the others
            _log.exception("a letter of the kind %s could not be written", commission.kind)
            self._settle(commission, "compose", again=True)
            return
        if letter is None:
            self._settle(commission, "not_needed")
            return
        try:
            self.sender.send(letter)
        except MailError as error:
            self._settle(commission, error.code, again=error.again, perhaps=error.perhaps)
            return
        self._settle(commission, None)

    def _settle(self, commission: Commission, error: str | None, *, again: bool = False, perhaps: bool = False) -> None:
        now = self.clock()
        with self.database.writing() as session:
            message = session.get(MailMessage, commission.message_id, with_for_update=True)
            if message is None or message.status != "sending" or message.attempts != commission.attempts:
                return
            message.error, message.look_at = error, None
            if error is None:
                message.status, message.sent_at = "sent", now
            elif again and message.attempts <= len(AGAIN):
                message.status, message.look_at = "queued", now + AGAIN[message.attempts - 1]
            else:
                message.status = "unknown" if perhaps else "failed"


def _claim(session: Session, now: datetime) -> Commission | None:
    """Take the letter that waits longest; None when it was one that a crash left, or another worker was quicker."""
    due = select(MailMessage).where(MailMessage.look_at <= now).order_by(MailMessage.look_at, MailMessage.id).limit(1)
    message = session.scalar(due.with_for_update(skip_locked=True))
    if message is None:
        return None
    if message.status != "queued":
        message.status, message.error, message.look_at = "unknown", "crash", None
        return None
    message.status, message.look_at = "sending", now + LEASE
    message.attempts += 1
    return Commission(message.id, message.attempts, message.staff_user_id, message.kind, message.reference, message.facts)
