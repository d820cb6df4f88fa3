"""What the screens ask beside the table: along time, how long, where it stops, when they come, right now; filters."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.acquisition import life, sources
from portal.acquisition.models import Source
from portal.core.db import Database
from portal.reporting.funnel import channels
from portal.reporting.heat import heat
from portal.reporting.live import last_half_hour
from portal.reporting.question import Question
from portal.reporting.series import series
from portal.reporting.stops import Stop, stops
from portal.reporting.times import times
from portal.signup.models import PhoneVerification
from portal.venues.models import Venue
from tests.support.house import NOW, House, build_house
from tests.support.sms import queue_one
from tests.support.visits import add_visit

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 9, tzinfo=UTC)  # noon in Moscow
S = timedelta(seconds=1)
WHOLE = {"phone": 9 * S, "verified": 30 * S, "card": 30 * S, "online": 34 * S}


def ask(session: Any, house: House, first: date = DAY, last: date = DAY, **more: Any) -> Question:
    return Question(session.get_one(Venue, house.venue_id), first, last, **more)


@pytest.mark.parametrize(
    ("grain", "starts"),
    [
        ("day", [date(2026, 11, 14) + timedelta(days=n) for n in range(9)]),
        ("week", [date(2026, 11, 14), date(2026, 11, 16)]),  # a Saturday, then a Monday
        ("month", [date(2026, 11, 14)]),
    ],
)
def test_a_series_has_every_bucket_and_its_sum(database: Database, house: House, grain: str, starts: list[date]) -> None:
    with database.writing() as session:
        for back in (0, 1, 1, 5):
            add_visit(session, house, NOON - timedelta(days=back), WHOLE, sms_kopecks=549)
        add_visit(session, house, NOON, {}, visitor_class="bot", bot_reason="Googlebot")
    with database.snapshot() as session:
        found = series(session, ask(session, house, date(2026, 11, 14), date(2026, 11, 22)), grain, now=NOW)
    assert [bucket.first for bucket in found] == starts and found[-1].last == date(2026, 11, 22)
    assert sum(bucket.counts.of("seen") for bucket in found) == sum(bucket.counts.of("card") for bucket in found) == 4
    assert sum(bucket.sms_kopecks for bucket in found) == 4 * 549
    assert found[-1].immature and (grain != "day" or [b.immature for b in found] == [False] * 7 + [True] * 2)


def test_times_are_told_for_all_and_per_channel(database: Database, house: House) -> None:
    with database.writing() as session:
        for seconds in (10, 10, 10, 100):
            add_visit(session, house, NOON, {"phone": seconds * S, "verified": (seconds + 20) * S})
        add_visit(session, house, NOON, {"phone": 40 * S}, source_id=None)
        add_visit(session, house, NOON, {"online": S}, visitor_class="remembered")
    with database.snapshot() as session:
        found = times(session, ask(session, house), now=NOW)
    phone = found.step("phone")
    assert phone.n == 5 and sum(visits for _, _, visits in phone.bins) == 5
    assert phone.median_s is not None and 9 < phone.median_s < 12 and phone.p90_s is not None and 80 < phone.p90_s < 115
    assert all(left[1] == right[0] for left, right in zip(phone.bins, phone.bins[1:], strict=False))
    assert [channel.source and channel.source.id for channel in found.channels] == [house.source_id, None]
    assert (found.channels[0].step("verified").n, found.channels[1].step("verified").n, found.step("online").n) == (4, 0, 0)
    assert found.step("whole").n == 4 and found.step("code_sent").median_s is None


def test_a_time_beyond_the_window_is_no_time(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOON, {"phone": timedelta(minutes=31)})
    with database.snapshot() as session:
        assert times(session, ask(session, house, window="30m"), now=NOW).step("phone").n == 0
        assert times(session, ask(session, house), now=NOW).step("phone").n == 1


def test_every_guest_stops_at_one_place(database: Database, house: House) -> None:
    stories: dict[str, tuple[dict[str, timedelta], dict[str, Any] | None, dict[str, Any]]] = {
        "no_phone": ({}, None, {}),
        "refused": ({"phone": S}, None, {}),
        "no_sms": ({"phone": S}, {"status": "failed"}, {}),
        "no_such_number": ({"phone": S}, {"status": "failed", "error": "bad_number"}, {}),
        "changed_number": ({"phone": S}, {"status": "sent"}, {"closed_reason": "replaced"}),
        "wrong_code": ({"phone": S}, {"status": "delivered"}, {"attempts": 2}),
        "gave_up": ({"phone": S}, {"status": "delivered"}, {}),
        "through": ({"phone": S, "verified": 9 * S}, {"status": "delivered"}, {}),
    }
    with database.writing() as session:
        for reached, message, verification in stories.values():
            visit = add_visit(session, house, NOON, reached)
            if message is not None:
                row = queue_one(session, house, NOON, path="qr")
                proof = session.get_one(PhoneVerification, row.verification_id)
                proof.visit_id = visit.public_id
                for thing, facts in ((row, message), (proof, verification)):
                    for name, value in facts.items():
                        setattr(thing, name, value)
        for online in ({}, {"online": 9 * S}):
            add_visit(session, house, NOON, {"phone": S, "verified": 2 * S, **online}, entry="wifi")
        add_visit(session, house, NOON, {"online": S}, visitor_class="remembered", entry="wifi")
        add_visit(session, house, NOON, {"phone": S}, synthetic=True)  # invented: it has no messages to ask
    with database.snapshot() as session:
        found = stops(session, ask(session, house), now=NOW)
    assert found.no_phone == Stop(1, 11)
    assert (found.refused, found.no_sms, found.wrong_code, found.gave_up) == (Stop(1, 10), Stop(2, 10), Stop(1, 10), Stop(1, 10))
    assert found.wrong_number == Stop(2, 10)
    assert found.no_internet == Stop(1, 2)


@pytest.mark.parametrize(
    ("zone", "moment", "weekday", "hour"),
    [
        ("Europe/Moscow", NOON, 4, 12),
        ("Asia/Kathmandu", NOON, 4, 14),  # 14:45
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 59, tzinfo=UTC), 6, 1),  # 01:59 in summer,
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 1, tzinfo=UTC), 6, 1),  # then 01:31 again
    ],
)
def test_the_heat_map_is_of_the_venues_own_clock(
    database: Database, house: House, zone: str, moment: datetime, weekday: int, hour: int
) -> None:
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).timezone = zone
        add_visit(session, house, moment, WHOLE)
        add_visit(session, house, moment, {})
        add_visit(session, house, moment, {}, visitor_class="bot", bot_reason="Googlebot")
    day = moment.date()
    with database.snapshot() as session:
        found = heat(session, ask(session, house, day - timedelta(days=1), day + timedelta(days=1)), now=NOW)
    assert (found.visits[weekday][hour], found.verified[weekday][hour]) == (2, 1)
    assert sum(map(sum, found.visits)) == 2 and len(found.visits) == 7 and {len(row) for row in found.visits} == {24}


def test_the_last_half_hour_is_counted_by_the_minute(database: Database, house: House) -> None:
    with database.writing() as session:
        for seconds in (0, 59, 60, 29 * 60 + 59):
            add_visit(session, house, NOW - seconds * S, {"phone": timedelta(0)} if seconds else {})
        add_visit(session, house, NOW - timedelta(minutes=30), {})
        add_visit(session, house, NOW, {}, visitor_class="bot")
        add_visit(session, house, NOW, {}, source_id=None)
    with database.snapshot() as session:
        found = last_half_hour(session, session.get_one(Venue, house.venue_id), NOW)
    assert (found.visits, found.phones, found.verified) == (5, 3, 0)
    assert (found.minutes[29], found.minutes[28], found.minutes[0], sum(found.minutes)) == (3, 1, 1, 5)
    assert [(source and source.id, visits) for source, visits in found.sources] == [(house.source_id, 4), (None, 1)]


@pytest.mark.parametrize(
    ("narrow", "seen"),
    [
        ({}, 9), ({"visitors": "new"}, 8), ({"visitors": "returning"}, 1), ({"language": "en"}, 1), ({"device": "iphone"}, 2),
        ({"sources": frozenset({"other"})}, 4), ({"kinds": frozenset({"receipt"})}, 2), ({"campaigns": frozenset({"may"})}, 2),
        ({"kinds": frozenset({"receipt", "table_tent"}), "language": "ru"}, 4), ({"sources": frozenset({"nobody"})}, 0),
        ({"kinds": frozenset({"receipt"}), "sources": frozenset({"other"})}, 0),
    ],
)  # fmt: skip
def test_filters_narrow_all_that_a_report_shows(database: Database, house: House, narrow: dict[str, Any], seen: int) -> None:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        receipt = sources.create(session, venue, "receipt", "Чек", NOW, utm_campaign="may").id
        rows: list[dict[str, Any]] = [
            {"source_id": receipt}, {"source_id": receipt}, {}, {"came_before": True}, {"language": "en"},
            {"source_id": None}, {"source_id": None}, *({"source_id": None, "device_family": "iphone"} for _ in range(2)),
        ]  # fmt: skip
        for row in rows:
            add_visit(session, house, NOON, WHOLE, **row)
    with database.snapshot() as session:
        question = ask(session, house, **narrow)
        report, line = channels(session, question, now=NOW), series(session, question, "day", now=NOW)
        grid, clock, halts = (verb(session, question, now=NOW) for verb in (heat, times, stops))
    assert report.totals.of("seen") == sum(row.counts.of("seen") for row in report.rows) == line[0].counts.of("seen") == seen
    assert sum(map(sum, grid.visits)) == clock.step("phone").n == halts.no_phone.of == seen


def test_what_was_merged_is_shown_in_the_others_row(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        old = sources.create(session, venue, "menu", "Старое меню", NOW)
        add_visit(session, house, NOON, WHOLE, source_id=old.id)
        add_visit(session, house, NOON, {}, source_id=house.source_id)
        row = session.get_one(Source, old.id)
        row.points_to_id, row.merged_at = house.source_id, NOW
    with database.snapshot() as session:
        report = channels(session, ask(session, house), now=NOW)
    assert [(row.source_id, row.counts.of("seen")) for row in report.rows] == [(house.source_id, 2), (None, 0)]


def test_a_paused_or_foreign_source_never_hides_a_visit(database: Database, house: House) -> None:
    with database.writing() as session:
        stranger = build_house(session, "sosed")
        add_visit(session, house, NOON, {}, source_id=stranger.source_id)
        source = session.get_one(Source, house.source_id)
        add_visit(session, house, NOON, {}, source_id=source.id)
        life.retire(session, source, NOW)
    with database.snapshot() as session:
        report = channels(session, ask(session, house), now=NOW)
    assert [(row.source_id, row.counts.of("seen")) for row in report.rows] == [(house.source_id, 1), (None, 1)]
