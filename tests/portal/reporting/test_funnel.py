"""Conversion per channel: cohort by arrival, steps within the window, totals that add up, never above 100 %."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.acquisition import life, sources
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.reporting.funnel import ChannelReport, channels, channels_of, compare
from portal.reporting.question import Question
from portal.venues.directory import venue_by_id
from portal.venues.models import Venue
from tests.support.house import NOW, House, build_house
from tests.support.visits import add_visit

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)  # noon in Moscow
S = timedelta(seconds=1)
MICRO = timedelta(microseconds=1)
WHOLE = {"seen": 0 * S, "phone": 9 * S, "verified": 30 * S, "card": 30 * S, "online": 34 * S}


def question(database: Database, house: House, first: date = DAY, last: date = DAY, **more: Any) -> Question:
    with database.reading() as session:
        return Question(venue_by_id(session, house.venue_id), first, last, **more)


def report(database: Database, house: House, first: date = DAY, last: date = DAY, **more: Any) -> ChannelReport:
    asked = question(database, house, first, last, **more)
    with database.snapshot() as session:
        return channels(session, asked, now=NOW)


def test_a_row_says_k_of_n_of_start_and_of_previous(database: Database, house: House) -> None:
    with database.writing() as session:
        for reached in (WHOLE, {"phone": S, "verified": 2 * S}, {"phone": S}, {}):
            add_visit(session, house, NOON, reached)
    row = report(database, house).row(house.source_id)
    assert row is not None
    assert [(s.name, s.count, s.start_n, s.previous_n) for s in row.steps] == [
        ("seen", 4, 4, 4), ("phone", 3, 4, 4), ("verified", 2, 4, 3), ("card", 1, 4, 2), ("online", 1, 4, 2),
    ]  # fmt: skip
    assert [s.of_start for s in row.steps] == [1.0, 0.75, 0.5, 0.25, 0.25]
    assert [s.of_previous for s in row.steps] == [1.0, 0.75, 2 / 3, 0.5, 0.5]
    assert row.steps[1].interval is not None and row.steps[1].interval.low < 0.75 < row.steps[1].interval.high


def test_an_empty_day_has_counts_and_no_rates(database: Database, house: House) -> None:
    found = report(database, house)
    assert [row.source_id for row in found.rows] == [house.source_id, None]
    assert [(s.count, s.of_start, s.of_previous, s.interval) for s in found.totals.steps] == [(0, None, None, None)] * 5
    assert not found.immature and not found.is_synthetic


@pytest.mark.parametrize(
    "arrived_at", [NOON, NOON + timedelta(microseconds=999_999), NOON - MICRO, NOON + timedelta(microseconds=999_600)]
)
@pytest.mark.parametrize(
    ("after", "counted"), [(timedelta(minutes=30), 1), (timedelta(minutes=30) + MICRO, 0), (timedelta(minutes=30) - MICRO, 1)]
)
def test_the_window_is_exact_to_the_microsecond(
    database: Database, house: House, arrived_at: datetime, after: timedelta, counted: int
) -> None:
    with database.writing() as session:
        add_visit(session, house, arrived_at, {"phone": after})
    assert report(database, house, window="30m").totals.of("phone") == counted


def test_a_conversion_after_the_range_still_counts_within_the_window(database: Database, house: House) -> None:
    late = datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC)  # a second before midnight in Moscow
    with database.writing() as session:
        add_visit(session, house, late, {"phone": timedelta(hours=20), "verified": timedelta(hours=20)})
    assert report(database, house).totals.of("verified") == 1
    assert report(database, house, DAY + timedelta(1), DAY + timedelta(1)).totals.of("seen") == 0


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 11, 19, 21, tzinfo=UTC), 1),
        (datetime(2026, 11, 19, 21, tzinfo=UTC) - MICRO, 0),
        (datetime(2026, 11, 20, 21, tzinfo=UTC) - MICRO, 1),
        (datetime(2026, 11, 20, 21, tzinfo=UTC), 0),
    ],
)
def test_the_day_is_the_venues_own(database: Database, house: House, moment: datetime, inside: int) -> None:
    with database.writing() as session:
        add_visit(session, house, moment, {})
    assert report(database, house).totals.of("seen") == inside


def test_a_step_out_of_time_takes_those_after_it_along(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, {**WHOLE, "phone": timedelta(hours=30)})
    assert [s.count for s in report(database, house).totals.steps] == [1, 0, 0, 0, 0]


def test_a_proven_phone_implies_that_its_code_was_sent_and_delivered(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, WHOLE)
        add_visit(session, house, NOON, {"phone": S, "code_sent": 2 * S})
        add_visit(session, house, NOON, {"phone": S, "code_delivered": 2 * S})
        add_visit(session, house, NOON, {"phone": S})
    funnel = {step.name: (step.count, step.previous_n) for step in report(database, house).totals.funnel}
    assert funnel["code_sent"] == (3, 4)
    assert funnel["code_delivered"] == (2, 3)
    assert funnel["verified"] == (1, 4)


def test_totals_are_the_sum_of_all_rows_with_other(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        second = sources.create(session, venue, "receipt", "Чек", NOW).id
        unused = sources.create(session, venue, "menu", "Меню", NOW).id
        gone = sources.create(session, venue, "menu", "Старое меню", NOW)
        life.retire(session, gone, NOW)
        for source_id, n in ((house.source_id, 3), (second, 5), (None, 2)):
            for _ in range(n):
                add_visit(session, house, NOON, WHOLE, source_id=source_id)
    found = report(database, house)
    assert [row.source_id for row in found.rows] == [second, house.source_id, unused, None]
    assert [row.counts.of("seen") for row in found.rows] == [5, 3, 0, 2]
    assert found.totals.of("seen") == found.totals.of("card") == 10


def test_a_retired_source_stays_while_it_has_visits(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, {})
        source = sources.find_by_code(session, house.source_code)
        assert source
        life.retire(session, source, NOW)
    assert report(database, house).row(house.source_id) is not None
    assert report(database, house, DAY - timedelta(1), DAY - timedelta(1)).row(house.source_id) is None


def test_bots_vouchers_and_remembered_devices_stand_apart(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, WHOLE)
        add_visit(session, house, NOON, {"seen": 0 * S}, visitor_class="bot", bot_reason="Googlebot")
        for visitor_class in ("voucher", "remembered", "remembered"):
            add_visit(session, house, NOON, {"online": S}, visitor_class=visitor_class)
        add_visit(session, house, NOON, {}, visitor_class="voucher")
    found = report(database, house)
    assert found.totals.of("seen") == found.totals.of("online") == 1
    apart = found.apart
    assert (apart.bots, apart.vouchers, apart.vouchers_online, apart.remembered, apart.remembered_online) == (1, 2, 1, 2, 2)


def test_visits_younger_than_the_window_mark_the_report(database: Database, house: House) -> None:
    today = date(2026, 11, 22)
    with database.writing() as session:
        add_visit(session, house, NOW - timedelta(hours=24), {})
    assert not report(database, house, DAY, today).immature
    with database.writing() as session:
        add_visit(session, house, NOW - timedelta(hours=24) + MICRO, {})
    found = report(database, house, DAY, today)
    assert found.immature and found.unripe == 1
    assert not report(database, house, DAY, today, window="30m").immature


def test_made_up_visits_are_told(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, {}, synthetic=True)
    assert report(database, house).is_synthetic


def test_another_venues_visits_are_not_seen(database: Database, house: House) -> None:
    with database.writing() as session:
        other = build_house(session, "ugolok")
        add_visit(session, other, NOON, WHOLE)
    assert report(database, house).totals.of("seen") == 0


def test_venues_are_compared_each_in_its_own_zone(database: Database, house: House) -> None:
    evening = datetime(2026, 11, 20, 20, tzinfo=UTC)  # still the 20th in Moscow, already the 21st in Yekaterinburg
    with database.writing() as session:
        second = build_house(session, "ural")
        east = session.get_one(Venue, second.venue_id)
        east.timezone = "Asia/Yekaterinburg"
        add_visit(session, house, evening, WHOLE)
        add_visit(session, second, evening, WHOLE)
        add_visit(session, second, NOON, {"phone": S}, source_id=None)
    asked = [question(database, one) for one in (house, second)]
    with database.snapshot() as session:
        rows = compare(session, asked, now=NOW)
    assert [[s.count for s in row.steps] for row in rows] == [[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]
    assert [row.period.zone for row in rows] == ["Europe/Moscow", "Asia/Yekaterinburg"]


def test_venues_read_together_say_what_each_says_alone(database: Database, house: House) -> None:
    with database.writing() as session:
        second = build_house(session, "ural")
        session.get_one(Venue, second.venue_id).timezone = "Asia/Yekaterinburg"
        for back in range(6):
            add_visit(session, (house, second)[back % 2], NOW - timedelta(hours=9 * back), WHOLE, sms_kopecks=549)
    asked = [question(database, one, DAY, date(2026, 11, 22)) for one in (house, second)]
    with database.snapshot() as session:
        together = channels_of(session, asked, now=NOW)
        alone = [channels(session, one, now=NOW) for one in asked]
    assert together == alone and together[0].unripe == together[1].unripe + 1 == 2


def test_comparing_nothing_is_nothing(database: Database) -> None:
    with database.reading() as session:
        assert compare(session, [], now=NOW) == ()


@pytest.mark.parametrize("asked", [{"window": "25h"}, {"attribution": "last"}, {"visitors": "bots"}, {"goal": "seen"}])
def test_a_question_that_no_report_knows_is_refused(database: Database, house: House, asked: dict[str, str]) -> None:
    with pytest.raises(PortalError, match="bad_question"):
        question(database, house, **asked)


def test_days_the_wrong_way_round_are_refused(database: Database, house: House) -> None:
    with pytest.raises(PortalError, match="bad_period"):
        report(database, house, DAY, DAY - timedelta(1))
