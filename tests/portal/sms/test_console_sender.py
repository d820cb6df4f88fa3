"""Console SMS: on the terminal, in a small file of the demo, and in no log."""

import io
import stat
import threading
from pathlib import Path

import pytest

from portal.core.phone import phone_from_e164
from portal.sms.senders.base import OutgoingSms
from portal.sms.senders.console import KEPT_MESSAGES, ConsoleSender, kept_messages

PHONE = phone_from_e164("+79031234567")


def sms(text: str) -> OutgoingSms:
    return OutgoingSms("reference", PHONE, text, None)


def test_a_message_is_printed_with_its_number_masked() -> None:
    out = io.StringIO()
    ConsoleSender(None, out).send(sms("Код 804913."))
    assert "Код 804913." in out.getvalue() and "45-67" in out.getvalue()
    assert "9031234567" not in out.getvalue()


def test_the_last_ones_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    sender = ConsoleSender(kept, io.StringIO())
    for n in range(KEPT_MESSAGES + 5):
        sender.send(sms(f"text {n}"))
    assert [message.text for message in kept_messages(kept)] == [f"text {n}" for n in range(5, KEPT_MESSAGES + 5)]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PHONE.e164[1:] not in kept.read_text()


def test_threads_do_not_lose_each_others_messages(tmp_path: Path) -> None:
    sender = ConsoleSender(tmp_path / "kept.json", io.StringIO())
    threads = [threading.Thread(target=sender.send, args=(sms(f"text {n}"),)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({message.text for message in kept_messages(tmp_path / "kept.json")}) == 12


def test_nothing_is_kept_and_nothing_logged_without_the_demo(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ConsoleSender(None, io.StringIO()).send(sms("Код 804913."))
    assert list(tmp_path.iterdir()) == []
    assert "804913" not in caplog.text
