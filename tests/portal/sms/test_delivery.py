"""From the outbox to the carrier: once, forward only, and honest about what is not known."""

import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.core.db import Database
from portal.core.tokens import sha256_hex
from portal.sms import outbox, outcomes
from portal.sms.delivery import Postman, deliver
from portal.sms.errands import LEASE
from portal.sms.models import STATUSES, SmsAlarm, SmsMessage
from portal.sms.senders.base import BadNumber, GateDown, NoMoney, SmsError, Throttled, Unknown
from portal.sms.statuses import FINAL, MOVES, move
from portal.sms.texts import SmsText
from tests.support.house import House
from tests.support.recording_sender import RecordingSender
from tests.support.sms import CODE, compose, queue_one

SECOND = timedelta(seconds=1)


@dataclass
class Round:
    """A postman with a clock that tests turn, and what the visit was told."""

    database: Database
    house: House
    now: datetime
    told: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = RecordingSender(lambda: self.now)
        self.postman = Postman(self.database, self.sender, compose, self._url, lambda: self.now, self._told)

    def _url(self, secret: str) -> str:
        self.urls.append(secret)
        return f"https://wifi.example.ru/callbacks/smsaero/{secret}"

    def _told(self, _session: Session, message: SmsMessage, _now: datetime) -> None:
        self.told.append(message.status)

    def queue(self, **changes: object) -> int:
        with self.database.writing() as session:
            return queue_one(session, self.house, self.now, **changes).id  # type: ignore[arg-type]

    def row(self, message_id: int) -> SmsMessage:
        with self.database.reading() as session:
            return session.get_one(SmsMessage, message_id)

    def wait(self, duration: timedelta) -> None:
        self.now += duration

    def sweep(self) -> list[int]:
        with self.database.writing() as session:
            due = outbox.take_due(session, self.now)
        for message_id in due:
            self.postman.look_after(message_id)
        return due


@pytest.fixture
def round_(database: Database, house: House, now: datetime) -> Round:
    return Round(database, house, now)


def test_a_queued_message_is_sent_and_its_facts_are_kept(round_: Round) -> None:
    message_id = round_.queue()
    bill = round_.postman.deliver(message_id)
    row = round_.row(message_id)
    assert (row.status, row.provider, row.provider_id, row.cost_kopecks, row.attempts) == ("sent", "recording", "1", 549, 1)
    assert row.sent_at == round_.now
    assert bill is not None and bill.kopecks == 549
    assert round_.told == ["sending", "sent"]
    assert CODE in round_.sender.sent[0].text


def test_the_contracts_function_does_the_same(round_: Round) -> None:
    message_id = round_.queue()
    deliver(round_.database, round_.sender, message_id, compose, lambda: round_.now, lambda _secret: None)
    assert round_.row(message_id).status == "sent"


def test_the_row_says_sending_before_the_carrier_is_called(round_: Round) -> None:
    message_id = round_.queue()
    seen: list[str] = []
    plain = round_.sender.try_send

    def look_first(sms: object) -> object:
        seen.append(round_.row(message_id).status)
        return plain(sms)  # type: ignore[arg-type]

    round_.sender.try_send = look_first  # type: ignore[method-assign,assignment]
    round_.postman.deliver(message_id)
    assert seen == ["sending"]


def test_the_callbacks_secret_is_kept_as_a_hash_only(round_: Round) -> None:
    message_id = round_.queue()
    round_.postman.deliver(message_id)
    secret = round_.urls[0]
    assert round_.row(message_id).callback_hash == sha256_hex(secret.encode())
    assert len(secret) == 22 and secret in (round_.sender.sent[0].callback_url or "")


def test_delivering_twice_sends_once(round_: Round) -> None:
    message_id = round_.queue()
    round_.postman.deliver(message_id)
    assert round_.postman.deliver(message_id) is None
    assert len(round_.sender.sent) == 1


def test_eight_threads_deliver_one_message_once(round_: Round) -> None:
    message_id = round_.queue()
    threads = [threading.Thread(target=round_.postman.deliver, args=(message_id,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(round_.sender.sent) == 1


def test_a_message_past_its_time_expires_unsent(round_: Round) -> None:
    message_id = round_.queue(lifetime=timedelta(minutes=10))
    round_.wait(timedelta(minutes=10) + SECOND)
    bill = round_.postman.deliver(message_id)
    row = round_.row(message_id)
    assert (row.status, row.error, row.look_at) == ("expired", "too_late", None)
    assert bill is not None and bill.kopecks == 0  # its price goes back to the day's budget
    assert round_.sender.sent == []


def test_a_message_that_nobody_needs_any_more_expires_unsent(round_: Round) -> None:
    def nothing(_session: Session, _message: SmsMessage) -> SmsText | None:
        return None

    message_id = round_.queue()
    deliver(round_.database, round_.sender, message_id, nothing, lambda: round_.now, lambda _secret: None)
    assert (round_.row(message_id).status, round_.row(message_id).error) == ("expired", "not_needed")
    assert round_.sender.sent == []


def test_a_message_whose_number_was_erased_expires(round_: Round) -> None:
    message_id = round_.queue()
    with round_.database.writing() as session:
        session.get_one(SmsMessage, message_id).phone = None
    round_.postman.deliver(message_id)
    assert round_.row(message_id).status == "expired"


def test_f2_a_message_that_never_reached_the_queue_is_swept_up_once(round_: Round) -> None:
    message_id = round_.queue()
    assert round_.sweep() == []  # its own worker may still come
    round_.wait(2 * SECOND)
    assert round_.sweep() == [message_id]
    assert round_.row(message_id).status == "sent"
    round_.wait(2 * SECOND)
    assert round_.sweep() == []
    assert len(round_.sender.sent) == 1


def test_f1_after_a_crash_between_send_and_mark_the_list_is_asked_and_nothing_is_sent_again(round_: Round) -> None:
    message_id = round_.queue()
    crash_after_sending(round_, message_id)
    round_.wait(LEASE - SECOND)
    assert round_.sweep() == []
    round_.wait(SECOND)
    assert round_.sweep() == [message_id]
    row = round_.row(message_id)
    assert (row.status, row.provider_id) == ("sent", "1")
    assert len(round_.sender.sent) == 1 and round_.sender.finds == 1
    assert round_.told == ["sending", "unknown", "sent"]


def test_f1_after_a_crash_before_the_call_it_is_sent_once_the_list_is_sure(round_: Round) -> None:
    message_id = round_.queue()
    crash_before_sending(round_, message_id)
    round_.wait(LEASE)
    round_.sweep()
    assert (round_.row(message_id).status, round_.sender.sent) == ("unknown", [])
    round_.wait(outcomes.SETTLED - LEASE)
    round_.sweep()
    assert round_.row(message_id).status == "sent"
    assert len(round_.sender.sent) == 1


def test_a_doubtful_answer_is_looked_up_before_anything_else(round_: Round) -> None:
    message_id = round_.queue()
    round_.sender.failures, round_.sender.takes_then_fails = [Unknown()], True
    round_.postman.deliver(message_id)
    assert round_.row(message_id).status == "unknown"
    round_.wait(outcomes.DOUBT)
    round_.sweep()
    assert round_.row(message_id).status == "sent"
    assert len(round_.sender.sent) == 1


def test_the_list_must_answer_before_a_second_send(round_: Round) -> None:
    message_id = round_.queue()
    crash_before_sending(round_, message_id)
    round_.sender.try_find = fail_with(GateDown(bytes_sent=True))  # type: ignore[method-assign]
    for _ in range(6):
        round_.wait(timedelta(seconds=30))
        round_.sweep()
    assert round_.row(message_id).status == "unknown"
    assert round_.sender.sent == []


def test_an_earlier_message_to_the_number_is_not_mistaken_for_a_doubtful_one(round_: Round) -> None:
    first, second = round_.queue(), round_.queue()
    round_.postman.deliver(first)
    crash_before_sending(round_, second)
    round_.wait(outcomes.SETTLED)
    round_.sweep()
    assert round_.row(second).provider_id == "2"
    assert len(round_.sender.sent) == 2


def test_a_message_that_is_never_taken_is_given_up(round_: Round) -> None:
    message_id = round_.queue()
    round_.sender.failures = [Unknown() for _ in range(10)]
    round_.postman.deliver(message_id)
    for _ in range(12):
        round_.wait(outcomes.SETTLED)
        round_.sweep()
    row = round_.row(message_id)
    assert (row.status, row.error, row.attempts) == ("failed", "not_taken", outcomes.MAX_SENDS)


def test_an_unknown_message_past_its_time_is_not_sent_again(round_: Round) -> None:
    message_id = round_.queue(lifetime=timedelta(seconds=30))
    crash_before_sending(round_, message_id)
    round_.wait(timedelta(seconds=31))
    round_.sweep()
    assert round_.row(message_id).status == "expired"
    assert round_.sender.sent == []


@pytest.mark.parametrize("error", [GateDown(bytes_sent=False), Throttled()])
def test_when_nothing_left_it_is_tried_again_at_the_next_gate(round_: Round, error: SmsError) -> None:
    message_id = round_.queue()
    round_.sender.failures = [error, error]
    round_.postman.deliver(message_id)
    assert (round_.row(message_id).status, round_.row(message_id).sending_at) == ("sending", None)
    round_.sweep()
    round_.sweep()
    assert round_.row(message_id).status == "sent"
    assert [sms.attempt for sms in round_.sender.sent] == [3]
    assert round_.sender.finds == 0


def test_a_gate_that_stays_down_ends_in_expired(round_: Round) -> None:
    message_id = round_.queue(lifetime=timedelta(minutes=10))
    round_.sender.failures = [GateDown(bytes_sent=False) for _ in range(100)]
    round_.postman.deliver(message_id)
    for _ in range(20):
        round_.wait(timedelta(minutes=1))
        round_.sweep()
    assert round_.row(message_id).status == "expired"


def test_a_refusal_is_final_and_its_price_comes_back(round_: Round) -> None:
    message_id = round_.queue()
    round_.sender.failures = [BadNumber()]
    bill = round_.postman.deliver(message_id)
    row = round_.row(message_id)
    assert (row.status, row.error, row.look_at) == ("failed", "bad_number", None)
    assert bill is not None and bill.kopecks == 0
    round_.wait(timedelta(minutes=5))
    assert round_.sweep() == []


def test_an_empty_account_sounds_an_alarm(round_: Round) -> None:
    for _ in range(2):
        message_id = round_.queue()
        round_.sender.failures = [NoMoney()]
        round_.postman.deliver(message_id)
    with round_.database.reading() as session:
        assert [alarm.kind for alarm in session.query(SmsAlarm)] == ["no_money"]


def test_a_sent_message_is_asked_about_until_it_arrives(round_: Round) -> None:
    message_id = round_.queue()
    round_.postman.deliver(message_id)
    round_.wait(outcomes.POLLS[0])
    round_.sweep()
    row = round_.row(message_id)
    assert (row.status, row.delivered_at, row.look_at) == ("delivered", round_.now, None)
    assert round_.told == ["sending", "sent", "delivered"]


def test_a_carrier_that_delivers_at_once_passes_through_sent(round_: Round) -> None:
    round_.sender.fate = "delivered"
    message_id = round_.queue()
    round_.postman.deliver(message_id)
    assert round_.told == ["sending", "sent", "delivered"]


def test_statuses_only_move_forward(round_: Round) -> None:
    message_id = round_.queue()
    with round_.database.writing() as session:
        row = session.get_one(SmsMessage, message_id)
        for before, after in itertools.product(STATUSES, STATUSES):
            row.status = before
            moved = move(session, row, after, round_.now, lambda *_: None)
            passes = before in ("sending", "unknown") and after == "delivered"
            assert moved == (after in MOVES.get(before, ()) or passes), (before, after)
            assert row.status == (after if moved else before)
    assert "queued" not in {status for allowed in MOVES.values() for status in allowed}
    assert not FINAL & MOVES.keys()


def crash_before_sending(round_: Round, message_id: int) -> None:
    """What kill -9 leaves between the claim and the call."""

    class Killed(BaseException):
        pass

    plain = round_.sender.try_send
    round_.sender.try_send = fail_with(Killed())  # type: ignore[method-assign]
    with pytest.raises(Killed):
        round_.postman.deliver(message_id)
    round_.sender.try_send = plain  # type: ignore[method-assign]


def crash_after_sending(round_: Round, message_id: int) -> None:
    """What kill -9 leaves between the call and the mark."""

    class Killed(BaseException):
        pass

    plain = round_.sender.try_send

    def take_and_die(sms: object) -> None:
        plain(sms)  # type: ignore[arg-type]
        raise Killed

    round_.sender.try_send = take_and_die  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        round_.postman.deliver(message_id)
    round_.sender.try_send = plain  # type: ignore[method-assign]


def fail_with(error: BaseException):
    """A method that raises."""

    def fail(*_: object) -> None:
        raise error

    return fail
