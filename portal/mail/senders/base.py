"""What every carrier of e-mail promises. Measuring and logging are here; a module of its own writes `try_send`."""

import logging
import time
from abc import ABC, abstractmethod

from portal.core.db import refuse_inside_transaction
from portal.core.errors import UpstreamError
from portal.mail.letters import BadAddress, Letter, plain_address

_log = logging.getLogger(__name__)


class MailError(UpstreamError):
    """A letter was not confirmed. `again`: nothing was taken and a later try may succeed; `perhaps`: it may have been taken."""

    code = "mail"
    again = False
    perhaps = False

    def __init__(self) -> None:
        super().__init__(self.code)


class BadRecipient(MailError):
    """There is no such mailbox, or it is no address at all."""

    code = "bad_recipient"


class Refused(MailError):
    """The server does not want this letter."""

    code = "refused"


class NotNow(MailError):
    """The server asks to come back later."""

    code = "not_now"
    again = True


class BadCredentials(MailError):
    """The account or its password is wrong; once it is put right, what waits goes out."""

    code = "bad_credentials"
    again = True


class BadSender(MailError):
    """The account may not send from this address."""

    code = "bad_sender"
    again = True


class NotSafe(MailError):
    """No encryption, or a certificate that is not the server's: neither password nor letter was handed over."""

    code = "not_safe"
    again = True


class Unreachable(MailError):
    """No answer before the letter was handed over."""

    code = "unreachable"
    again = True


class Unknown(MailError):
    """No answer after the letter was handed over: it may be on its way."""

    code = "unknown"
    perhaps = True


class MailSender(ABC):
    """A carrier. Safe to use from several threads."""

    name: str

    def send(self, letter: Letter) -> None:
        """Hand over one letter. Raises MailError; never called while a transaction is open."""
        refuse_inside_transaction()
        began = time.monotonic()
        outcome = "taken"
        try:
            plain_address(letter.to)
            self.try_send(letter)
        except BadAddress:
            outcome = BadRecipient.code
            raise BadRecipient from None
        except MailError as error:
            outcome = error.code
            raise
        finally:
            spent = (time.monotonic() - began) * 1000
            _log.info("mail %s through %s: %s in %d ms", letter.reference, self.name, outcome, spent)

    def check(self) -> str:
        """Try the account without sending anything; what it is, in a few words. Raises MailError."""
        refuse_inside_transaction()
        return self.try_check()

    @abstractmethod
    def try_send(self, letter: Letter) -> None:
        """One attempt."""

    @abstractmethod
    def try_check(self) -> str:
        """See `check`."""
