"""From the outbox to a carrier, once.

`sending` is committed before the carrier is called, so that a crash leaves a trace: past its lease such a message is
`unknown`, and the carrier's list is asked before anything is sent again. The transaction is closed during every call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core.clock import utcnow
from portal.core.db import Database
from portal.sms import outcomes
from portal.sms.errands import Ask, Bag, Bill, Compose, Errand, Find, Send, first_errand, next_errand
from portal.sms.models import SmsMessage
from portal.sms.senders.base import Accepted, Sender, SmsError
from portal.sms.statuses import PriceHook, StatusHook

SKEW = timedelta(seconds=30)  # between the carrier's clock and ours


def _nobody(_session: Session, _message: SmsMessage, _what: datetime | int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Postman:
    """Carries messages with one sender. `compose` makes a text as it leaves; `callback_url` makes a URL of a secret."""

    database: Database
    sender: Sender
    compose: Compose
    callback_url: Callable[[str], str | None]
    clock: Callable[[], datetime] = utcnow
    on_status: StatusHook = _nobody
    on_price: PriceHook = _nobody

    @property
    def _bag(self) -> Bag:
        return Bag(self.sender.name, self.compose, self.callback_url, self.on_status, self.on_price)

    def deliver(self, message_id: int) -> Bill | None:
        """Send a message that nobody has taken yet; anything else is left alone."""
        with self.database.writing() as session:
            errand = first_errand(session, self._bag, message_id, self.clock())
        return self._run(errand)

    def look_after(self, message_id: int) -> Bill | None:
        """Do whatever a message needs now: send it, learn what became of it, or ask whether it arrived."""
        with self.database.writing() as session:
            errand = next_errand(session, self._bag, message_id, self.clock())
        return self._run(errand)

    def _run(self, errand: Errand | Bill | None) -> Bill | None:
        match errand:
            case Bill():
                return errand
            case Send():
                return self._send(errand)
            case Find():
                return self._find(errand)
            case Ask():
                return self._ask(errand)
        return None

    def _send(self, errand: Send) -> Bill | None:
        try:
            answer = self.sender.send(errand.sms)
        except SmsError as error:
            with self.database.writing() as session:
                return outcomes.refused(session, self._bag, errand, error, self.clock())
        return self._accepted(errand, answer)

    def _find(self, errand: Find) -> Bill | None:
        try:
            candidates = self.sender.find(errand.phone, errand.since - SKEW)
        except SmsError:
            self._not_told(errand)
            return None
        with self.database.writing() as session:
            found = outcomes.listed(session, self._bag, errand, candidates, self.clock())
        if isinstance(found, Accepted):
            return self._accepted(errand, found)
        return self._send(found) if isinstance(found, Send) else found

    def _ask(self, errand: Ask) -> Bill | None:
        try:
            answer = self.sender.status(errand.provider_id)
        except SmsError:
            self._not_told(errand)
            return None
        return self._accepted(errand, answer)

    def _accepted(self, errand: Errand, answer: Accepted) -> Bill | None:
        with self.database.writing() as session:
            return outcomes.accepted(session, self._bag, errand, answer, self.clock())

    def _not_told(self, errand: Find | Ask) -> None:
        with self.database.writing() as session:
            outcomes.not_told(session, errand, self.clock())


def deliver(
    database: Database,
    sender: Sender,
    message_id: int,
    compose: Compose,
    clock: Callable[[], datetime],
    callback_url: Callable[[str], str | None],
    on_status: StatusHook = _nobody,
) -> Bill | None:
    """Send one queued message; see Postman."""
    return Postman(database, sender, compose, callback_url, clock, on_status).deliver(message_id)
