"""F11: receipts that are repeated, disordered, early, foreign or forged."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from portal.core.db import Database
from portal.core.tokens import random_id, sha256_hex
from portal.sms import receipts
from portal.sms.models import SmsMessage
from tests.support.house import House
from tests.support.sms import queue_one

SECRET = random_id()


@pytest.fixture
def message_id(database: Database, house: House, now: datetime) -> int:
    with database.writing() as session:
        message = queue_one(session, house, now)
        message.status, message.provider_id, message.callback_hash = "sent", "123", sha256_hex(SECRET.encode())
        return message.id


def apply(database: Database, now: datetime, secret: str = SECRET, provider_id: str = "123", status: int = 1) -> str:
    told: list[str] = []

    def hook(_session: Session, message: SmsMessage, _now: datetime) -> None:
        told.append(message.status)

    with database.writing() as session:
        outcome = receipts.apply(session, secret, provider_id, status, now, hook)
    assert told in ([], ["delivered"], ["sent", "delivered"])
    assert bool(told) == (outcome == "delivered")
    return outcome


def status_of(database: Database, message_id: int) -> str:
    with database.reading() as session:
        return session.get_one(SmsMessage, message_id).status


def test_a_receipt_delivers_and_its_repetition_changes_nothing(database: Database, message_id: int, now: datetime) -> None:
    assert [apply(database, now) for _ in range(3)] == ["delivered", "repeated", "repeated"]
    assert status_of(database, message_id) == "delivered"


@pytest.mark.parametrize("status", [0, 2, 3, 4, 6, 8, 77, -1])
def test_a_receipt_can_only_deliver(database: Database, message_id: int, now: datetime, status: int) -> None:
    assert apply(database, now, status=status) == "other"
    assert status_of(database, message_id) == "sent"
    assert apply(database, now) == "delivered"
    assert apply(database, now, status=status) == "other"
    assert status_of(database, message_id) == "delivered"


def test_another_secret_or_another_id_is_nothing(database: Database, message_id: int, now: datetime) -> None:
    assert apply(database, now, secret=random_id()) == "unknown"
    assert apply(database, now, provider_id="124") == "foreign"
    assert status_of(database, message_id) == "sent"


@pytest.mark.parametrize("before", ["sending", "unknown"])
def test_a_receipt_before_the_send_call_has_answered_brings_the_id(
    database: Database, message_id: int, now: datetime, before: str
) -> None:
    with database.writing() as session:
        message = session.get_one(SmsMessage, message_id)
        message.status, message.provider_id = before, None
    assert apply(database, now, provider_id="555") == "delivered"
    with database.reading() as session:
        message = session.get_one(SmsMessage, message_id)
        assert (message.status, message.provider_id, message.sent_at) == ("delivered", "555", now)


@pytest.mark.parametrize("before", ["failed", "expired", "delivered"])
def test_what_is_over_stays_over(database: Database, message_id: int, now: datetime, before: str) -> None:
    with database.writing() as session:
        session.get_one(SmsMessage, message_id).status = before
    assert apply(database, now) == "repeated"
    assert status_of(database, message_id) == before
