"""What every sender promises, held to each of them."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.core.db import Database
from portal.core.errors import NetworkInsideTransaction
from portal.core.phone import phone_from_e164
from portal.core.tokens import random_id
from portal.sms.senders.base import OutgoingSms, Sender, SmsError
from portal.sms.senders.console import ConsoleSender
from portal.sms.senders.smsaero import SmsAeroSender
from tests.conftest import make_settings
from tests.support.recording_sender import RecordingSender
from tests.support.smsaero_gate import SmsAeroGate

PHONE = phone_from_e164("+79031234567")
CODE = "804913"


@pytest.fixture(params=["console", "recording", "smsaero"])
def sender(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sender]:
    if request.param == "console":
        yield ConsoleSender(tmp_path / "kept.json", io.StringIO())
    elif request.param == "recording":
        yield RecordingSender()
    else:
        with SmsAeroGate(tmp_path) as gate:
            yield SmsAeroSender(make_settings(tmp_path, **gate.settings))


def sms(**changes: object) -> OutgoingSms:
    values = {"reference": random_id(), "phone": PHONE, "text": f"Код {CODE}.", "callback_url": None, **changes}
    return OutgoingSms(**values)  # type: ignore[arg-type]


def test_a_message_is_taken_and_gets_an_id(sender: Sender) -> None:
    first, second = sender.send(sms()), sender.send(sms())
    assert first.provider_id and second.provider_id and first.provider_id != second.provider_id
    assert first.status in ("sent", "delivered")


def test_what_was_taken_is_found_by_number_and_time(sender: Sender) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    taken = sender.send(sms())
    assert [found.provider_id for found in sender.find(PHONE, before)] == [taken.provider_id]


def test_messages_are_found_oldest_first(sender: Sender) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    ids = [sender.send(sms()).provider_id for _ in range(3)]
    assert [found.provider_id for found in sender.find(PHONE, before)] == ids


def test_nothing_is_found_for_another_number(sender: Sender) -> None:
    sender.send(sms())
    assert sender.find(phone_from_e164("+79037654321"), datetime.now(UTC) - timedelta(minutes=1)) == []


def test_nothing_is_found_from_before_it_was_sent(sender: Sender) -> None:
    sender.send(sms())
    assert sender.find(PHONE, datetime.now(UTC) + timedelta(minutes=1)) == []


def test_the_status_of_a_taken_message_is_told(sender: Sender) -> None:
    assert sender.status(sender.send(sms()).provider_id).status in ("sent", "delivered")


def test_an_unknown_id_is_an_error_and_not_a_status(sender: Sender) -> None:
    with pytest.raises(SmsError):
        sender.status("987654321")


def test_the_balance_is_kopecks_or_none(sender: Sender) -> None:
    balance = sender.balance()
    assert balance is None or balance == 33_703


def test_nothing_is_sent_while_a_transaction_is_open(sender: Sender, database: Database) -> None:
    with database.writing(), pytest.raises(NetworkInsideTransaction):
        sender.send(sms())
    assert sender.find(PHONE, datetime.now(UTC) - timedelta(minutes=1)) == []


def test_neither_code_nor_number_nor_callback_is_logged(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret = random_id()
    sender.send(sms(callback_url=f"https://wifi.example.ru/callbacks/smsaero/{secret}"))
    assert "67" in caplog.text  # it is logged, masked
    for canary in (CODE, PHONE.e164[1:], secret):
        assert canary not in caplog.text
