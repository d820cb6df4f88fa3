"""One letter as RFC 5322 wants it, built by the standard library: nothing typed by anybody can become a header."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from portal.core.tokens import sha256_hex
from portal.mail.writing import Written, as_html, as_text

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class BadAddress(ValueError):
    """Not an address that a letter can be sent to."""


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """One letter on its way. It has no repr: the text may hold a link that sets a password."""

    reference: str
    to: str
    name: str
    language: str
    written: Written
    at: datetime


def plain_address(address: str) -> str:
    """The address as ASCII, an international domain in punycode. Raises BadAddress for anything else than one address."""
    local, _at, domain = address.strip().rpartition("@")
    try:
        ascii_only = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise BadAddress from None
    if _ADDRESS.fullmatch(ascii_only) is None:
        raise BadAddress
    return ascii_only


def message_id(reference: str, sender: str) -> str:
    """The same for every try of one letter, so that a mailbox that got it twice shows it once."""
    return f"<{sha256_hex(reference.encode())[:32]}@{sender.rpartition('@')[2]}>"


def as_message(letter: Letter, sender: str) -> EmailMessage:
    """Text and HTML. `sender` is "Name <address>". Raises BadAddress."""
    name, own = parseaddr(sender)
    own = plain_address(own)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(name), addr_spec=own)
    message["To"] = Address(_one_line(letter.name), addr_spec=plain_address(letter.to))
    message["Subject"] = _one_line(letter.written.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = message_id(letter.reference, own)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no "out of office" comes back
    if letter.written.unsubscribe:
        message["List-Unsubscribe"] = f"<{_one_line(letter.written.unsubscribe)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(as_text(letter.written.blocks))
    message.add_alternative(as_html(letter.written.blocks, letter.language), subtype="html")
    return message


def _one_line(text: str) -> str:
    """Names and subjects come from people: line ends and other unseen characters would begin a header of their own."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
