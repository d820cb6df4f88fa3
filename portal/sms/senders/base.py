"""What every carrier of SMS promises. A vendor's module writes the `try_…` methods; measuring and logging are here."""

import logging
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from portal.core.db import refuse_inside_transaction
from portal.core.errors import UpstreamError
from portal.core.phone import Phone

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class OutgoingSms:
    """One message on its way out. It has no repr: the text holds a code."""

    reference: str
    phone: Phone
    text: str
    callback_url: str | None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """A gate took a message, or knows of it. `status` is sent, delivered or failed; `cost_kopecks` None when not said."""

    provider_id: str
    status: str
    cost_kopecks: int | None = None


class SmsError(UpstreamError):
    """A message was not confirmed. `bytes_sent`: the gate may have it all the same. `again`: a later try may succeed."""

    code = "sms"
    bytes_sent = False
    again = False

    def __init__(self) -> None:
        super().__init__(self.code)


class NoMoney(SmsError):
    """The account is empty."""

    code = "no_money"


class BadNumber(SmsError):
    """The gate refuses this number."""

    code = "bad_number"


class BadSignature(SmsError):
    """The sender's name is not registered with the gate."""

    code = "bad_signature"


class BadCredentials(SmsError):
    """The account or its key is wrong."""

    code = "bad_credentials"


class Refused(SmsError):
    """The gate says no for another reason; it does not have the message."""

    code = "refused"


class Throttled(SmsError):
    """Too many requests; nothing was taken."""

    code = "throttled"
    again = True


class GateDown(SmsError):
    """No answer. Once bytes were sent, only the gate knows whether it has the message."""

    code = "gate_down"

    def __init__(self, bytes_sent: bool) -> None:
        super().__init__()
        self.bytes_sent = bytes_sent
        self.again = not bytes_sent


class Unknown(SmsError):
    """An answer that says neither yes nor no: the message may be on its way."""

    code = "unknown_answer"
    bytes_sent = True


class Sender(ABC):
    """A carrier. Safe to use from several threads."""

    name: str

    def send(self, sms: OutgoingSms) -> Accepted:
        """Hand over one message. Raises SmsError; never called while a transaction is open."""
        refuse_inside_transaction()
        began = time.monotonic()
        outcome = "error"
        try:
            accepted = self.try_send(sms)
            outcome = accepted.status
            return accepted
        except SmsError as error:
            outcome = error.code
            raise
        finally:
            _log.info(
                "sms %s to %s through %s, attempt %d: %s in %d ms",
                sms.reference, sms.phone.masked, self.name, sms.attempt, outcome, (time.monotonic() - began) * 1000,
            )  # fmt: skip

    def find(self, phone: Phone, since: datetime) -> list[Accepted]:
        """Messages to `phone` that the carrier took at or after `since`, oldest first. Raises SmsError.

        An empty list means that the carrier answered and has none.
        """
        refuse_inside_transaction()
        return self.try_find(phone, since)

    def status(self, provider_id: str) -> Accepted:
        """Where a message is now. Raises SmsError."""
        refuse_inside_transaction()
        return self.try_status(provider_id)

    def balance(self) -> int | None:
        """Kopecks on the account; None when there is no account. Raises SmsError."""
        refuse_inside_transaction()
        return self.try_balance()

    @abstractmethod
    def try_send(self, sms: OutgoingSms) -> Accepted:
        """One attempt at one gate."""

    @abstractmethod
    def try_find(self, phone: Phone, since: datetime) -> list[Accepted]:
        """See `find`."""

    @abstractmethod
    def try_status(self, provider_id: str) -> Accepted:
        """See `status`."""

    @abstractmethod
    def try_balance(self) -> int | None:
        """See `balance`."""
