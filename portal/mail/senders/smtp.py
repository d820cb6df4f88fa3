"""E-mail by SMTP (RFC 5321) with TLS whose certificate is checked.

A try falls into two halves: before DATA nothing was taken, whatever went wrong; from then on only the server's own "no" says
so. Silence after DATA is `Unknown`, and such a letter is not sent again by itself.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import parseaddr

from portal.core.config import Settings
from portal.mail.letters import Letter, as_message, plain_address
from portal.mail.senders.base import (
    BadCredentials,
    BadRecipient,
    BadSender,
    MailError,
    MailSender,
    NotNow,
    NotSafe,
    Refused,
    Unknown,
    Unreachable,
)

TIMEOUT_SECONDS = 20.0  # of each step; a letter has some ten of them


class SmtpSender(MailSender):
    """One connection per letter: an outbox sends a handful a day."""

    name = "smtp"

    def __init__(self, settings: Settings, timeout: float = TIMEOUT_SECONDS) -> None:
        self._settings = settings
        self._timeout = timeout
        self._context = ssl.create_default_context(cafile=settings.smtp_ca_file or None)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2

    def try_send(self, letter: Letter) -> None:
        """MAIL, RCPT, DATA."""
        message = as_message(letter, self._settings.mail_from)
        with self._signed_in() as server:
            _open_envelope(server, plain_address(parseaddr(self._settings.mail_from)[1]), plain_address(letter.to))
            _hand_over(server, message)

    def try_check(self) -> str:
        """Connect, encrypt, sign in."""
        with self._signed_in() as server, _before_data():
            server.noop()
        return f"{self._settings.smtp_host} takes the account"

    @contextmanager
    def _signed_in(self) -> Iterator[smtplib.SMTP]:
        with _before_data():
            server = self._connected()
        try:
            with _before_data():
                self._introduce(server)
            yield server
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        to = (self._settings.smtp_host, self._settings.smtp_port)
        if self._settings.smtp_security == "tls":
            return smtplib.SMTP_SSL(*to, timeout=self._timeout, context=self._context)
        return smtplib.SMTP(*to, timeout=self._timeout)

    def _introduce(self, server: smtplib.SMTP) -> None:
        if self._settings.smtp_security == "starttls":
            server.starttls(context=self._context)
        server.ehlo_or_helo_if_needed()
        if self._settings.smtp_user:
            server.login(self._settings.smtp_user, self._settings.smtp_password.get_secret_value())


@contextmanager
def _before_data() -> Iterator[None]:
    """What went wrong before a letter was handed over: nothing was taken."""
    try:
        yield
    except smtplib.SMTPAuthenticationError:
        raise BadCredentials from None
    except (smtplib.SMTPNotSupportedError, ssl.SSLError):
        raise NotSafe from None
    except (smtplib.SMTPException, OSError):
        raise Unreachable from None


def _open_envelope(server: smtplib.SMTP, sender: str, recipient: str) -> None:
    with _before_data():
        asked, refusals = ((server.mail, sender, BadSender), (server.rcpt, recipient, BadRecipient)), []
        for ask, address, refusal in asked:
            code, _said = ask(address)
            if code >= 400:
                refusals.append(_refusal(code, refusal))
                break
    if refusals:
        raise refusals[0]


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        code, _said = server.data(message.as_bytes())
    except smtplib.SMTPDataError as error:  # its first answer was no: the text was not even sent
        raise _refusal(error.smtp_code, Refused) from None
    except (smtplib.SMTPException, OSError):
        raise Unknown from None
    if code != 250:
        raise _refusal(code, Refused)


def _refusal(code: int, final: type[MailError]) -> MailError:
    return NotNow() if code < 500 else final()
