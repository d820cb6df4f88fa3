"""The worker's work with the signup's words: texts, visits, budgets, sweeps and signs of life."""

import threading
import time
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.heartbeat import last_beat
from portal.jobs import deliveries, schedule
from portal.jobs.deliveries import Deliveries
from portal.jobs.house import House as Parts
from portal.jobs.queue import make_queue
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.sms import budgets, outcomes
from portal.sms.errands import Ask
from portal.sms.models import SmsMessage
from portal.sms.senders.base import Accepted
from portal.sms.senders.choice import chosen_sender
from portal.venues.models import Venue
from tests.support.house import House
from tests.support.recording_sender import RecordingSender
from tests.support.sms import queue_one
from tests.support.smsaero_gate import API_KEY, EMAIL, SIGNATURE
from tests.support.visits import add_visit


@pytest.fixture
def parts(settings: Settings, database: Database, now: datetime) -> Parts:
    return Parts(settings, database, RecordingSender(lambda: now), lambda: now)


def sent(parts: Parts) -> list[str]:
    assert isinstance(parts.sender, RecordingSender)
    return [sms.text for sms in parts.sender.sent]


def test_the_text_holds_the_verifications_own_code(parts: Parts, house: House, now: datetime) -> None:
    with parts.database.writing() as session:
        message = queue_one(session, house, now)
    Deliveries(parts).deliver(message.id)
    with parts.database.reading() as session:
        verification = session.get_one(PhoneVerification, message.verification_id)
    assert verification.phone is not None
    assert code_for(parts.settings.keys, verification.nonce, verification.phone) in sent(parts)[0]


def test_a_closed_verification_sends_nothing(parts: Parts, house: House, now: datetime) -> None:
    with parts.database.writing() as session:
        message = queue_one(session, house, now)
        session.get_one(PhoneVerification, message.verification_id).closed_at = now
    Deliveries(parts).deliver(message.id)
    assert sent(parts) == []


def test_the_bill_reaches_the_budget(parts: Parts, house: House, now: datetime) -> None:
    with parts.database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        budgets.claim(session, venue, "wifi", now, parts.settings)
        message = queue_one(session, house, now)
    Deliveries(parts).deliver(message.id)
    with parts.database.reading() as session:
        assert budgets.state(session, session.get_one(Venue, house.venue_id), now).paths[0].spent_kopecks == 549


def test_the_price_reaches_the_visit_once_however_often_it_is_told(parts: Parts, house: House, now: datetime) -> None:
    assert isinstance(parts.sender, RecordingSender)
    with parts.database.writing() as session:
        ours = [add_visit(session, house, now, {"phone": timedelta(0)}) for _ in range(2)]
        messages = [queue_one(session, house, now, path=path) for path in ("qr", "me")]
        for message, visit in zip(messages, ours, strict=True):
            session.get_one(PhoneVerification, message.verification_id).visit_id = visit.public_id
    work = Deliveries(parts)
    for message in messages:
        work.deliver(message.id)
        for _ in range(2):
            work.look_after(message.id)  # asks the carrier again, who says the price again
    assert [price(parts, visit.id) for visit in ours] == [549, 0]  # a card looked up at /me is no visit's cost
    assert (told_again(parts, messages[0].id, 600), price(parts, ours[0].id)) == ("delivered", 600)  # it was corrected
    assert (told_again(parts, messages[0].id, None), price(parts, ours[0].id)) == ("delivered", 600)


def told_again(parts: Parts, message_id: int, kopecks: int | None) -> str:
    """The carrier tells of a message once more."""
    with parts.database.writing() as session:
        bag, known = deliveries.postman(parts)._bag, session.get_one(SmsMessage, message_id)
        answer = Accepted(known.provider_id or "", "sent", kopecks)
        outcomes.accepted(session, bag, Ask(message_id, answer.provider_id), answer, parts.clock())
        return known.status


def price(parts: Parts, visit_id: int) -> int:
    with parts.database.reading() as session:
        return session.get_one(Visit, visit_id).sms_kopecks


def test_the_sweep_queues_what_nobody_took(parts: Parts, house: House, now: datetime) -> None:
    with parts.database.writing() as session:
        message = queue_one(session, house, now - timedelta(seconds=2))
        message_id = message.id
    work = Deliveries(parts)
    queue = make_queue(parts.settings, work)
    assert [deliveries.sweep(parts, queue), deliveries.sweep(parts, queue)] == [1, 0]
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
    with parts.database.reading() as session:
        assert session.get_one(SmsMessage, message_id).status == "sent"


def test_sweeping_shows_a_sign_of_life_and_survives_a_bad_second(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr(deliveries, "SWEEP_SECONDS", 0.01)
    rounds: list[int] = []

    def bad_at_first(*_: object) -> int:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("the disk")
        return 0

    monkeypatch.setattr(deliveries, "sweep", bad_at_first)
    stop = threading.Event()
    thread = threading.Thread(target=deliveries.keep_sweeping, args=(parts, make_queue(parts.settings), stop))
    thread.start()
    deadline = time.monotonic() + 10
    while len(rounds) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join()
    with parts.database.reading() as session:
        assert last_beat(session, "worker") == now


def test_every_entry_of_the_schedule_runs_and_may_run_twice(parts: Parts, house: House) -> None:
    queue = make_queue(parts.settings)
    schedule.register(queue, parts)
    due = [task for minute in range(60) for task in queue.read_periodic(datetime(2026, 11, 22, 0, minute))]  # noqa: DTZ001
    each = {task.name: task for task in due}
    hourly = {
        "forget",
        "look_at_channels",
        "mail_alerts",
        "queue_weekly",
        "move_webhooks_on",
        "retain",
        "anchor",
        "check_sums",
    }  # the last two at midnight only
    assert set(each) == {"close_stale", "sum_up", *hourly} and len(due) == 2 * 60 + len(hourly)
    for task in [*each.values(), *each.values()]:
        queue.execute(task)


def test_the_settings_choose_the_sender(settings: Settings) -> None:
    assert chosen_sender(settings).name == "console"
    account = {"smsaero_email": EMAIL, "smsaero_api_key": SecretStr(API_KEY), "smsaero_signature": SIGNATURE}
    assert chosen_sender(settings.model_copy(update={"sms_sender": "smsaero", **account})).name == "smsaero"
