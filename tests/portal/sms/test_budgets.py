"""What a venue may spend, held under parallel forms; the brake; the venue's own day."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.db import Database
from portal.sms import budgets
from portal.sms.errands import Bill
from portal.sms.models import SmsBudget
from portal.venues.models import Venue
from tests.support.house import House
from tests.support.sms import queue_one

MINUTE = timedelta(minutes=1)


def claim(database: Database, house: House, settings: Settings, path: str, now: datetime) -> str | None:
    with database.writing() as session:
        refusal = budgets.claim(session, session.get_one(Venue, house.venue_id), path, now, settings)
        return refusal.reason if refusal else None


def change(database: Database, house: House, **values: object) -> None:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        for name, value in values.items():
            setattr(venue, name, value)


def state(database: Database, house: House, now: datetime) -> budgets.State:
    with database.reading() as session:
        return budgets.state(session, session.get_one(Venue, house.venue_id), now)


def test_the_minutes_budget_is_a_sliding_window(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_per_minute_qr=3)
    assert [claim(database, house, settings, "qr", now + timedelta(seconds=s)) for s in (0, 20, 40)] == [None] * 3
    assert claim(database, house, settings, "qr", now + timedelta(seconds=59)) == "sms_minute"
    assert claim(database, house, settings, "qr", now + timedelta(seconds=61)) is None
    assert claim(database, house, settings, "qr", now + timedelta(seconds=62)) == "sms_minute"


def test_a_refusal_says_when_the_minute_opens(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_per_minute_qr=1)
    claim(database, house, settings, "qr", now)
    with database.writing() as session:
        refusal = budgets.claim(session, session.get_one(Venue, house.venue_id), "qr", now + timedelta(seconds=10), settings)
    assert refusal == budgets.Refusal("sms_minute", now + MINUTE)


def test_wifi_and_qr_do_not_share_and_me_counts_with_qr(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    change(database, house, sms_per_minute_qr=2, sms_per_minute_wifi=1)
    assert claim(database, house, settings, "me", now) is None
    assert claim(database, house, settings, "qr", now) is None
    assert claim(database, house, settings, "me", now) == "sms_minute"
    assert claim(database, house, settings, "wifi", now) is None


def test_roubles_alarm_at_80_percent_and_stop_at_100(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_day_kopecks_wifi=10 * settings.sms_price_kopecks, sms_per_minute_wifi=100)
    for _ in range(7):
        assert claim(database, house, settings, "wifi", now) is None
    assert state(database, house, now).alarms == ()
    claim(database, house, settings, "wifi", now)
    assert [alarm.kind for alarm in state(database, house, now).alarms] == ["budget_80"]
    assert [claim(database, house, settings, "wifi", now) for _ in range(3)] == [None, None, "sms_budget"]
    assert {alarm.kind for alarm in state(database, house, now).alarms} == {"budget_80", "budget_100"}
    assert state(database, house, now).paths[0].percent == 100


def test_the_day_is_the_venues_own(database: Database, house: House, settings: Settings) -> None:
    change(database, house, timezone="Asia/Yekaterinburg", sms_day_kopecks_qr=settings.sms_price_kopecks)
    before, after = datetime(2026, 11, 22, 18, 59, tzinfo=UTC), datetime(2026, 11, 22, 19, 1, tzinfo=UTC)  # midnight at +05
    assert claim(database, house, settings, "qr", before) is None
    assert claim(database, house, settings, "qr", before) == "sms_budget"
    assert state(database, house, after).paths[1].spent_kopecks == 0
    assert claim(database, house, settings, "qr", after) is None


def test_a_zero_budget_sends_nothing(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_day_kopecks_qr=0, sms_per_minute_wifi=0)
    assert claim(database, house, settings, "qr", now) == "sms_budget"
    assert claim(database, house, settings, "wifi", now) == "sms_minute"


def test_fifty_forms_at_once_hold_the_cap(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_per_minute_qr=1000, sms_day_kopecks_qr=7 * settings.sms_price_kopecks)
    answers: list[str | None] = []
    threads = [threading.Thread(target=lambda: answers.append(claim(database, house, settings, "qr", now))) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert answers.count(None) == 7


def test_the_bill_takes_the_place_of_the_assumed_price(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    for billed in (549, 0, None):
        claim(database, house, settings, "wifi", now)
        with database.writing() as session:
            budgets.settle(session, Bill(house.venue_id, "wifi", billed, now), now, settings)
    assert state(database, house, now).paths[0].spent_kopecks == 549 + 0 + settings.sms_price_kopecks


def test_a_bill_of_yesterday_does_not_change_todays_spending(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    claim(database, house, settings, "wifi", now)
    with database.writing() as session:
        budgets.settle(session, Bill(house.venue_id, "wifi", 0, now - timedelta(days=1)), now, settings)
    assert state(database, house, now).paths[0].spent_kopecks == settings.sms_price_kopecks


def test_the_owners_stop_stops_one_path(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_stopped_qr=True)
    assert claim(database, house, settings, "qr", now) == "sms_stopped"
    assert claim(database, house, settings, "wifi", now) is None
    assert state(database, house, now).paths[1].stopped_by_owner


def past(session: Session, house: House, now: datetime, used: int, of: int = 50, path: str = "qr") -> None:
    for i in range(of):
        message = queue_one(session, house, now - timedelta(minutes=10) + timedelta(seconds=i), path=path, consumed=i < used)
        message.status = "sent"


def settle(database: Database, house: House, settings: Settings, now: datetime, path: str = "qr") -> None:
    with database.writing() as session:
        budgets.settle(session, Bill(house.venue_id, path, None, now), now, settings)


@pytest.mark.parametrize(
    ("used", "slow", "stopped", "kinds"),
    [(20, False, False, []), (19, True, False, ["slow"]), (10, True, False, ["slow"]), (9, True, True, ["stopped"])],
)
def test_the_brake_looks_at_the_last_fifty(
    database: Database, house: House, settings: Settings, now: datetime, used: int, slow: bool, stopped: bool, kinds: list[str]
) -> None:  # fmt: skip
    with database.writing() as session:
        past(session, house, now, used)
    settle(database, house, settings, now)
    found = state(database, house, now)
    assert (found.paths[1].slow, found.paths[1].stopped_until is not None) == (slow, stopped)
    assert [alarm.kind for alarm in found.alarms] == kinds
    assert (found.paths[0].slow, found.paths[0].stopped_until) == (False, None)


def test_slow_halves_the_minute(database: Database, house: House, settings: Settings, now: datetime) -> None:
    change(database, house, sms_per_minute_qr=5)
    with database.writing() as session:
        past(session, house, now, used=15)
    settle(database, house, settings, now)
    assert [claim(database, house, settings, "qr", now) for _ in range(4)] == [None, None, None, "sms_minute"]


def test_fewer_than_fifty_say_nothing(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        past(session, house, now, used=0, of=49)
    settle(database, house, settings, now)
    assert not state(database, house, now).paths[1].slow


def test_codes_that_cannot_be_typed_yet_do_not_count(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        past(session, house, now + timedelta(minutes=10), used=0)  # fifty guests of this minute, after a power cut
    settle(database, house, settings, now + timedelta(seconds=50))
    assert not state(database, house, now).paths[1].slow


def test_a_stopped_path_opens_after_an_hour_and_counts_anew(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    with database.writing() as session:
        past(session, house, now, used=0, path="me")
    settle(database, house, settings, now)
    assert claim(database, house, settings, "qr", now) == "sms_braked"
    assert claim(database, house, settings, "wifi", now) is None
    later = now + timedelta(hours=1)
    assert claim(database, house, settings, "qr", later) is None
    settle(database, house, settings, later)
    assert claim(database, house, settings, "qr", later) is None


def test_the_owner_opens_a_stopped_path_earlier(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        past(session, house, now, used=0)
    settle(database, house, settings, now)
    with database.writing() as session:
        budgets.open_again(session, session.get_one(Venue, house.venue_id), "qr", now)
    assert claim(database, house, settings, "qr", now) is None
    settle(database, house, settings, now + MINUTE)
    assert claim(database, house, settings, "qr", now + MINUTE) is None


def test_recovered_guests_end_the_slowness(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        past(session, house, now - timedelta(hours=1), used=15)
    settle(database, house, settings, now - timedelta(hours=1))
    assert state(database, house, now).paths[1].slow
    with database.writing() as session:
        past(session, house, now, used=50)
    settle(database, house, settings, now)
    assert not state(database, house, now).paths[1].slow


def test_reading_the_state_writes_nothing(database: Database, house: House, now: datetime) -> None:
    state(database, house, now)
    with database.reading() as session:
        assert session.query(SmsBudget).count() == 0
