"""What every carrier of e-mail promises, held to each of them; and a real SMTP server at its worst."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from portal.core.db import Database
from portal.core.errors import NetworkInsideTransaction
from portal.mail.letters import as_message
from portal.mail.senders.base import (
    BadCredentials,
    BadRecipient,
    MailError,
    MailSender,
    NotNow,
    NotSafe,
    Refused,
    Unknown,
    Unreachable,
)
from portal.mail.senders.files import FOLDER, FileSender
from portal.mail.senders.smtp import SmtpSender
from portal.mail.writing import Paragraph, Written
from tests.conftest import make_settings
from tests.support.certificates import write_authority
from tests.support.mail import PASSWORD, Post, RecordingMail, letter, post_office


class Carried:
    """A carrier, and what arrived through it."""

    def __init__(self, sender: MailSender, folder: Path, post: Post | None) -> None:
        self.sender, self._folder, self._post = sender, folder, post

    def arrived(self) -> list[EmailMessage]:
        """Every letter, as its reader's program sees it."""
        if self._post:
            return self._post.taken
        if isinstance(self.sender, RecordingMail):
            sent = [as_message(one, "Vestibule <wifi@teremok.example>").as_bytes() for one in self.sender.sent]
        else:
            sent = [path.read_bytes() for path in sorted((self._folder / FOLDER).glob("*.eml"))]
        return [message_from_bytes(one, policy=policy.default) for one in sent]  # type: ignore[arg-type]


@pytest.fixture(params=["file", "recording", "starttls", "tls"])
def carried(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Carried]:
    if request.param == "file":
        yield Carried(FileSender(tmp_path, "Vestibule <wifi@teremok.example>"), tmp_path, None)
    elif request.param == "recording":
        yield Carried(RecordingMail(), tmp_path, None)
    else:
        with post_office(tmp_path, implicit_tls=request.param == "tls") as post:
            settings = make_settings(tmp_path, **post.settings(smtp_security=request.param))
            yield Carried(SmtpSender(settings, timeout=5), tmp_path, post)


def test_a_letter_arrives_whole_in_text_and_in_html(carried: Carried) -> None:
    carried.sender.send(letter())
    (got,) = carried.arrived()
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert got["Subject"] == "Отчёт за неделю"
    assert got["To"].addresses[0].display_name == "Анна"
    assert got["To"].addresses[0].addr_spec == "anna@teremok.example"
    assert text is not None and html is not None
    assert "Стол <7> | 12" in text.get_content()
    assert "Стол &lt;7&gt;" in html.get_content()
    assert 'href="https://wifi.example.ru/x?a=1&amp;b=2"' in html.get_content()


def test_every_try_of_one_letter_has_the_same_id_and_another_letter_another(carried: Carried) -> None:
    carried.sender.send(letter())
    carried.sender.send(letter(reference="weekly:7:2026-W48"))
    first, second = (got["Message-ID"] for got in carried.arrived())
    assert first == as_message(letter(), "Vestibule <wifi@teremok.example>")["Message-ID"]
    assert first != second
    assert first.endswith("@teremok.example>")


@pytest.mark.parametrize("hostile", ["Анна\r\nBcc: all@else.example", "Анна\nX: 1", "Анна\x00\u2028Bcc: x@y.example"])
def test_a_name_or_a_subject_never_becomes_a_header(carried: Carried, hostile: str) -> None:
    carried.sender.send(letter(name=hostile, written=Written(hostile, (Paragraph(hostile),), unsubscribe=f"https://x/{hostile}")))
    (got,) = carried.arrived()
    assert "Bcc" not in got and "X" not in got
    assert len(got["To"].addresses) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "a@b@c.example",
        "a b@c.example",
        "a@c.example,d@e.example",
        "a@c.example\r\nRCPT TO:<x@y.example>",
        "<a@b.example>",
    ],
)
def test_what_is_no_single_address_gets_nothing(carried: Carried, address: str) -> None:
    with pytest.raises(BadRecipient):
        carried.sender.send(letter(to=address))
    assert carried.arrived() == []


def test_a_cyrillic_domain_is_written_in_punycode(carried: Carried) -> None:
    carried.sender.send(letter(to="anna@теремок.рф"))
    assert carried.arrived()[0]["To"].addresses[0].addr_spec == "anna@xn--e1aaphkjm.xn--p1ai"


def test_a_way_out_stands_in_the_headers_of_letters_that_have_one(carried: Carried) -> None:
    carried.sender.send(letter(written=Written("x", (), unsubscribe="https://wifi.example.ru/callbacks/mail/stop/abc")))
    got = carried.arrived()[0]
    assert got["List-Unsubscribe"] == "<https://wifi.example.ru/callbacks/mail/stop/abc>"
    assert got["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nothing_is_sent_while_a_transaction_is_open(carried: Carried, database: Database) -> None:
    with database.writing(), pytest.raises(NetworkInsideTransaction):
        carried.sender.send(letter())
    assert carried.arrived() == []


def test_the_account_can_be_tried_without_sending(carried: Carried) -> None:
    assert carried.sender.check()
    assert carried.arrived() == []


def test_neither_address_nor_text_nor_password_is_logged(carried: Carried, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    carried.sender.send(letter())
    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("portal"))
    assert "weekly:7:2026-W47" in ours
    for secret in ("anna@teremok.example", "wifi.example.ru/x", PASSWORD):
        assert secret not in ours


def smtp(folder: Path, post: Post, timeout: float = 5, **changes: object) -> SmtpSender:
    return SmtpSender(make_settings(folder, **post.settings(**changes)), timeout)


@pytest.mark.parametrize(
    ("faults", "error", "again", "perhaps"),
    [
        ({"answer_to_recipient": "550 no such mailbox"}, BadRecipient, False, False),
        ({"answer_to_recipient": "451 greylisted"}, NotNow, True, False),
        ({"answer_to_data": "554 spam"}, Refused, False, False),
        ({"answer_to_data": "452 full"}, NotNow, True, False),
        ({"drops_after_data": True}, Unknown, False, True),
    ],
)
def test_what_a_server_says_is_told_apart(
    tmp_path: Path, faults: dict[str, object], error: type[MailError], again: bool, perhaps: bool
) -> None:
    with post_office(tmp_path) as post:
        for name, value in faults.items():
            setattr(post, name, value)
        with pytest.raises(error) as raised:
            smtp(tmp_path, post).send(letter())
    assert (raised.value.again, raised.value.perhaps) == (again, perhaps)


def test_a_server_that_hangs_is_left_in_time(tmp_path: Path) -> None:
    with post_office(tmp_path) as post:
        post.hangs_at_greeting = True
        with pytest.raises(Unreachable):
            smtp(tmp_path, post, timeout=0.3).send(letter())
        post.hangs_at_greeting = False


def test_nobody_at_the_port_is_said(tmp_path: Path) -> None:
    with post_office(tmp_path) as post:
        closed = post
    with pytest.raises(Unreachable):
        smtp(tmp_path, closed).send(letter())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_gets_neither_password_nor_letter(tmp_path: Path, security: str) -> None:
    (tmp_path / "other").mkdir()
    stranger, _chain = write_authority(tmp_path / "other")
    with post_office(tmp_path, implicit_tls=security == "tls") as post:
        with pytest.raises(NotSafe):
            smtp(tmp_path, post, smtp_ca_file=str(stranger), smtp_security=security).send(letter())
        assert post.taken == []


def test_a_server_without_tls_gets_neither_password_nor_letter(tmp_path: Path) -> None:
    with post_office(tmp_path, offers_tls=False) as post:
        with pytest.raises(NotSafe):
            smtp(tmp_path, post).send(letter())
        assert post.taken == []


def test_a_wrong_password_is_said_as_such(tmp_path: Path) -> None:
    with post_office(tmp_path) as post, pytest.raises(BadCredentials):
        smtp(tmp_path, post, smtp_password="not-the-password").check()


def test_files_are_for_their_owner_alone_and_a_second_try_replaces_the_first(tmp_path: Path) -> None:
    sender = FileSender(tmp_path)
    sender.send(letter())
    sender.send(replace(letter(), name="Анна"))
    (path,) = (tmp_path / FOLDER).iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
