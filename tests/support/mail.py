"""E-mail in tests: a carrier that remembers, and a real SMTP server with TLS that can be told to misbehave."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from portal.mail.letters import Letter
from portal.mail.senders.base import MailError, MailSender
from portal.mail.writing import Link, Paragraph, Table, Written
from tests.support.certificates import write_authority
from tests.support.programs import free_ports

USER, PASSWORD = "portal@teremok.example", "the-password-of-the-account"


def letter(**changes: Any) -> Letter:
    """A letter with every kind of block."""
    blocks = (
        Paragraph("Здравствуйте, Анна."),
        Table(("Канал", "Гости"), (("Стол <7>", "12"),)),
        Link("Открыть", "https://wifi.example.ru/x?a=1&b=2"),
    )
    values = {
        "reference": "weekly:7:2026-W47", "to": "anna@teremok.example", "name": "Анна", "language": "ru",
        "written": Written("Отчёт за неделю", blocks), "at": datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
    }  # fmt: skip
    return Letter(**(values | changes))


class RecordingMail(MailSender):
    """`sent` is what it took; `failures` are raised first, one per call."""

    name = "recording"

    def __init__(self) -> None:
        self.sent: list[Letter] = []
        self.failures: list[MailError] = []
        self._lock = threading.Lock()

    def try_send(self, letter: Letter) -> None:
        """Remember it."""
        with self._lock:
            if self.failures:
                raise self.failures.pop(0)
            self.sent.append(letter)

    def try_check(self) -> str:
        """Always well."""
        return "remembers"


@dataclass
class Post:
    """A running server. `taken` is what it answered 250 to; the switches make it misbehave."""

    port: int
    ca_file: Path
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer_to_recipient: str = "250 OK"
    answer_to_data: str = "250 taken"
    drops_after_data: bool = False
    hangs_at_greeting: bool = False
    hangs_after_data: bool = False

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What the product is to be told."""
        return {
            "mail_sender": "smtp", "mail_from": f"Vestibule <{USER}>", "smtp_host": "127.0.0.1", "smtp_port": self.port,
            "smtp_user": USER, "smtp_password": PASSWORD, "smtp_ca_file": str(self.ca_file), **changes,
        }  # fmt: skip


class _Desk:
    """aiosmtpd's hooks."""

    def __init__(self, post: Post) -> None:
        self.post = post

    async def handle_EHLO(  # noqa: N802 - aiosmtpd names its hooks so
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Hang here when told to: the greeting was given, nothing comes after it."""
        if self.post.hangs_at_greeting:
            await asyncio.sleep(30)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse an address."""
        if self.post.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.post.answer_to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter; perhaps die before saying so."""
        content = envelope.content
        assert isinstance(content, bytes)
        if self.post.answer_to_data.startswith("250"):
            self.post.taken.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
            self.post.recipients += envelope.rcpt_tos
        while self.post.hangs_after_data:
            await asyncio.sleep(0.05)
        if self.post.drops_after_data:
            assert server.transport is not None
            server.transport.abort()
        return self.post.answer_to_data


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, said: Any) -> AuthResult:
    fits = said.login == USER.encode() and said.password == PASSWORD.encode()
    return AuthResult(success=fits, handled=False)


@contextmanager
def post_office(folder: Path, *, implicit_tls: bool = False, offers_tls: bool = True) -> Iterator[Post]:
    """A server on a loopback port with a certificate for 127.0.0.1 of a CA of its own."""
    ca_file, chain = write_authority(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    post = Post(free_ports(1), ca_file)
    tls = {"ssl_context": context} if implicit_tls else {"tls_context": context} if offers_tls else {}
    by_starttls = offers_tls and not implicit_tls  # aiosmtpd knows nothing of the TLS under it
    controller = Controller(
        _Desk(post), hostname="127.0.0.1", port=post.port, authenticator=_authenticate, auth_required=by_starttls,
        auth_require_tls=by_starttls, **tls,
    )  # fmt: skip
    controller.start()
    try:
        yield post
    finally:
        controller.stop()
