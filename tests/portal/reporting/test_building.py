"""Closing and building beside writers: what is committed meanwhile is never lost to a sum."""

import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import OperationalError

from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.jobs import sums
from portal.reporting import building, checking, closing
from portal.reporting.funnel import channels
from portal.reporting.grains import PREFIXES, PREFIXES_KEPT, hours_before
from portal.reporting.models import RollupMark, RollupState, TimeRollup, VisitRollup
from portal.reporting.period import local_date, midnight
from portal.reporting.question import Question
from portal.reporting.settled import settled_of
from portal.venues.models import Venue
from tests.support.house import NOW, House, build_house
from tests.support.visits import add_visit

DAY = timedelta(days=1)
S, HOUR = timedelta(seconds=1), timedelta(hours=1)
WHOLE = {"phone": 9 * S, "verified": 30 * S, "card": 30 * S}


def visits(database: Database, house: House, first: date | None = None, now: datetime = NOW) -> tuple[int, int]:
    """Visits and verified of the last hundred days, as the report has them."""
    with database.snapshot() as session:
        question = Question(session.get_one(Venue, house.venue_id), first or (NOW - 100 * DAY).date(), (NOW + DAY).date())
        totals = channels(session, question, now=now).totals
    return totals.of("seen"), totals.of("verified")


def come(database: Database, house: House, *days_ago: float, **reached: timedelta) -> list[int]:
    with database.writing() as session:
        return [add_visit(session, house, NOW - DAY * days, reached).id for days in days_ago]


def settle(database: Database, house: House) -> None:
    come(database, house, 70, 40, 35, 3, 1, **WHOLE)
    sums.keep_up(database, NOW)
    assert marks(database) == 0


def marks(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count(RollupMark.id))) or 0


def closed_until(database: Database, house: House) -> datetime:
    with database.reading() as session:
        return session.get_one(RollupState, house.venue_id).closed_until


def test_a_settled_day_is_read_from_its_sums(database: Database, house: House) -> None:
    settle(database, house)
    assert visits(database, house) == (5, 5)
    with database.writing() as session:  # a sum that lies, to see that it is read
        old = (VisitRollup.first_day <= date(2026, 10, 31)) & (VisitRollup.grain == "month")
        session.execute(update(VisitRollup).where(old).values(visits=VisitRollup.visits + 100))
    assert visits(database, house)[0] > 100


def test_what_comes_before_its_day_is_built_again_is_read_from_the_visits(database: Database, house: House) -> None:
    settle(database, house)
    come(database, house, 40, 39, phone=S)
    assert visits(database, house) == (7, 5)
    with database.writing() as session:
        session.execute(update(Visit).where(Visit.verified_at.is_(None)).values(verified_at=Visit.phone_at))
    assert visits(database, house) == (7, 7)
    assert sums.keep_up(database, NOW) == 1 and marks(database) == 0
    assert visits(database, house) == (7, 7)


def test_a_change_between_counting_and_writing_keeps_its_mark(database: Database, house: House) -> None:
    settle(database, house)
    come(database, house, 40, phone=S)
    with database.snapshot() as session:
        built = building.count(session, house.venue_id)
    assert built is not None
    come(database, house, 40, **WHOLE)
    with database.writing() as session:
        assert building.write(session, built)
    assert marks(database) == 1
    assert visits(database, house) == (7, 6)
    sums.keep_up(database, NOW)
    assert marks(database) == 0 and visits(database, house) == (7, 6)


def test_of_two_builders_the_one_that_writes_second_gives_way(database: Database, house: House) -> None:
    settle(database, house)
    come(database, house, 40, phone=S)
    with database.snapshot() as session:
        slow = building.count(session, house.venue_id)
    come(database, house, 40, **WHOLE)
    assert slow is not None and building.build(database, house.venue_id)
    with database.writing() as session:
        assert not building.write(session, slow)
    assert marks(database) == 0 and visits(database, house) == (7, 6)


def test_a_venue_that_changes_its_time_zone_is_summed_up_anew(database: Database, house: House) -> None:
    settle(database, house)
    come(database, house, 40.5, **WHOLE)
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).timezone = "Asia/Kathmandu"
    assert visits(database, house) == (6, 6)
    sums.keep_up(database, NOW)
    with database.reading() as session:
        assert session.get_one(RollupState, house.venue_id).zone == "Asia/Kathmandu"
    assert marks(database) == 0 and visits(database, house) == (6, 6)


def test_with_nothing_to_do_nothing_is_written(database: Database, house: House) -> None:
    settle(database, house)
    with database.reading() as session:
        assert closing.due(session, NOW) == []
    assert sums.keep_up(database, NOW) == 0
    with database.reading() as session:
        assert session.get_one(RollupState, house.venue_id).builds == 3  # a month each


def test_an_hour_closes_half_an_hour_after_its_end(database: Database, house: House) -> None:
    come(database, house, 3)
    nine = NOW.replace(hour=9, minute=0)
    sums.keep_up(database, nine + closing.OVER_FOR - S)
    assert closed_until(database, house) == nine - HOUR
    sums.keep_up(database, nine + closing.OVER_FOR)
    assert closed_until(database, house) == nine


@pytest.mark.parametrize(
    ("zone", "midnight", "closed"),
    [
        ("Australia/Lord_Howe", "2026-04-04T13:00:00+00:00", 24),  # clocks go back by half an hour: 24.5 hours
        ("Australia/Lord_Howe", "2026-10-03T13:30:00+00:00", 23),  # and forward: 23.5
        ("Europe/Berlin", "2026-10-24T22:00:00+00:00", 24),
        ("Europe/Berlin", "2026-03-28T23:00:00+00:00", 22),
        ("Asia/Kathmandu", "2026-11-20T18:15:00+00:00", 23),
    ],
)
def test_a_day_of_any_length_is_summed_up_hour_by_hour_to_its_end(
    database: Database, house: House, zone: str, midnight: str, closed: int
) -> None:
    start = datetime.fromisoformat(midnight)
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).timezone = zone
        for quarter in range(-8, 4 * 26):
            add_visit(session, house, start + quarter * HOUR / 4, WHOLE)
    for quarter in range(4, 4 * 27, 2):
        now = start + quarter * HOUR / 4
        sums.keep_up(database, now)
        assert checking.check(database, house.venue_id, now, repair=False).rows == 0
    with database.reading() as session:
        there = VisitRollup.first_day == local_date(start, zone)
        prefixes = set(session.scalars(select(VisitRollup.grain).where(there, VisitRollup.grain.in_(PREFIXES))))
    assert len(prefixes) == closed


def test_the_hours_of_today_are_read_from_their_sums(database: Database, house: House) -> None:
    come(database, house, 3, 1 / 8, 1 / 9, **WHOLE)
    sums.keep_up(database, NOW)
    assert visits(database, house) == (3, 3)
    with database.writing() as session:  # a sum that lies, to see that it is read
        session.execute(update(VisitRollup).where(VisitRollup.grain == "h11").values(visits=VisitRollup.visits + 100))
    assert visits(database, house)[0] > 100


def test_a_change_of_an_early_hour_leaves_the_hours_before_it_in_the_sums(database: Database, house: House) -> None:
    come(database, house, 1 / 3, 1 / 4, 1 / 12, **WHOLE)
    sums.keep_up(database, NOW)
    come(database, house, 1 / 4)
    with database.reading() as session:
        settled = settled_of(session, [house.venue_id])[house.venue_id]
        built = building.count(session, house.venue_id)
    today = local_date(NOW, "Europe/Moscow")
    assert settled.hours(today) == built.hours[0][1] == hours_before(NOW - DAY / 4, "Europe/Moscow")
    assert {row["grain"] for row in built.visits} == set(PREFIXES[settled.hours(today) : settled.hours_of_last])
    assert visits(database, house) == (4, 3)
    sums.keep_up(database, NOW)
    assert visits(database, house) == (4, 3)


def test_prefixes_are_kept_as_long_as_a_window_may_begin_in_them(database: Database, house: House) -> None:
    for days in range(12, -1, -1):
        come(database, house, days + 0.25, **WHOLE)
        sums.keep_up(database, NOW - days * DAY)
    with database.reading() as session:
        prefixes = select(func.min(VisitRollup.first_day)).where(VisitRollup.grain.in_(PREFIXES))
        assert session.scalar(prefixes) == (NOW - PREFIXES_KEPT).date()
    assert visits(database, house) == (13, 13)


def test_sums_of_the_version_before_serve_on_and_are_renewed(database: Database, house: House) -> None:
    settle(database, house)
    with database.writing() as session:
        session.execute(delete(VisitRollup).where(VisitRollup.grain.in_(("dekad", *PREFIXES))))
        session.execute(update(RollupState).values(layout=1, closed_until=midnight(NOW.date(), "Europe/Moscow")))
    assert visits(database, house) == (5, 5)
    assert sums.keep_up(database, NOW) > 0
    assert marks(database) == 0 and visits(database, house) == (5, 5)
    assert checking.check(database, house.venue_id, NOW, repair=False).rows == 0
    with database.reading() as session:
        grains = set(session.scalars(select(VisitRollup.grain)))
    assert "dekad" in grains and grains & set(PREFIXES)


@pytest.mark.parametrize("grain", ["day", "dekad", "month", "qrter"])
def test_the_check_finds_and_mends_a_sum_that_drifted(database: Database, house: House, grain: str) -> None:
    settle(database, house)
    with database.writing() as session:
        wrong = update(VisitRollup).where(VisitRollup.grain == grain, VisitRollup.first_day <= date(2026, 10, 31))
        session.execute(wrong.values(phone_7d=VisitRollup.phone_7d + 1))
    assert checking.check(database, house.venue_id, NOW, repair=False).rows > 0 and marks(database) == 0
    drift = checking.check(database, house.venue_id, NOW)
    with database.reading() as session:
        assert session.get_one(RollupState, house.venue_id).drift == drift.rows > 0
    sums.keep_up(database, NOW)
    assert checking.check(database, house.venue_id, NOW).rows == 0
    with database.reading() as session:
        state = session.get_one(RollupState, house.venue_id)
    assert (state.drift, state.checked_at) == (0, NOW)


def test_the_check_finds_a_time_that_drifted_and_a_sum_of_nothing(database: Database, house: House) -> None:
    settle(database, house)
    with database.writing() as session:
        session.execute(update(TimeRollup).values(visits=TimeRollup.visits + 1))
    assert checking.check(database, house.venue_id, NOW).rows > 0
    sums.keep_up(database, NOW)
    key = {"venue_id": house.venue_id, "attribution": "visit", "grain": "day", "source_id": 0, "visitor_class": "new"}
    with database.writing() as session:
        session.add(VisitRollup(**key, first_day=date(2026, 7, 3), visits=9))
    assert checking.check(database, house.venue_id, NOW).days == (date(2026, 7, 3),)
    sums.keep_up(database, NOW)
    assert checking.check(database, house.venue_id, NOW).rows == 0


def test_a_venue_without_visits_has_no_sums_and_no_drift(database: Database, house: House) -> None:
    assert sums.keep_up(database, NOW) == 0
    assert {venue_id: drift.rows for venue_id, drift in sums.check_all(database, NOW).items()} == {house.venue_id: 0}


def test_all_venues_are_kept_up_each_by_its_own_clock(database: Database, house: House) -> None:
    with database.writing() as session:
        east = build_house(session, "ural")
        session.get_one(Venue, east.venue_id).timezone = "Asia/Kathmandu"
    come(database, house, 10)
    come(database, east, 10, 11)
    sums.keep_up(database, NOW)
    with database.reading() as session:
        closed = {state.venue_id: state.closed_until for state in session.scalars(select(RollupState))}
    assert closed[house.venue_id] - closed[east.venue_id] != timedelta(0)
    assert (visits(database, house)[0], visits(database, east)[0]) == (1, 2)


def on_postgresql(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")


def test_a_writer_who_commits_after_the_build_saw_the_visits_is_counted(database: Database, house: House) -> None:
    on_postgresql(database)
    settle(database, house)
    come(database, house, 40, phone=S)
    finish = threading.Event()
    writer = _writer(database, lambda: come_late(database, house, finish))
    assert building.build(database, house.venue_id)  # its snapshot does not see the writer's visit
    assert visits(database, house) == (6, 5)
    finish.set()
    writer.join()
    assert marks(database) == 1 and visits(database, house) == (7, 6)
    sums.keep_up(database, NOW)
    assert visits(database, house) == (7, 6)


def test_days_are_not_closed_under_a_writers_hands(database: Database, house: House) -> None:
    on_postgresql(database)
    come(database, house, 40)
    finish = threading.Event()
    writer = _writer(database, lambda: come_late(database, house, finish))
    with database.reading() as session:
        due = closing.due(session, NOW)
    begun = time.monotonic()
    with pytest.raises(OperationalError, match="lock timeout"), database.writing() as session:
        closing.close(session, due)
    assert time.monotonic() - begun < 2  # sooner than the guests behind it would mind
    assert sums.keep_up(database, NOW) == 0  # and the worker takes it calmly
    finish.set()
    writer.join()
    sums.keep_up(database, NOW)
    assert marks(database) == 0 and visits(database, house) == (2, 1)


def test_a_writer_who_waited_while_days_were_closed_leaves_a_mark(database: Database, house: House) -> None:
    on_postgresql(database)
    come(database, house, 40)
    with database.reading() as session:
        due = closing.due(session, NOW)
    with database.engine.connect() as office, office.begin():
        office.execute(text("LOCK TABLE visit IN SHARE ROW EXCLUSIVE MODE"))
        office.execute(
            text("INSERT INTO rollup_state (venue_id, organization_id, zone, closed_until, drift) VALUES (:v, :o, :z, :u, 0)"),
            {"v": house.venue_id, "o": house.organization_id, "z": "Europe/Moscow", "u": due[0].until},
        )
        writer = threading.Thread(target=lambda: come(database, house, 40, **WHOLE))
        writer.start()
        time.sleep(0.3)
        assert writer.is_alive()
    writer.join()
    assert marks(database) == 1 and visits(database, house) == (2, 1)


def come_late(database: Database, house: House, finish: threading.Event) -> None:
    with database.writing() as session:
        add_visit(session, house, NOW - 40 * DAY, WHOLE)
        session.execute(text("SELECT set_config('application_name', 'late writer', false)"))
        finish.wait(30)


def _writer(database: Database, work: Callable[[], None]) -> threading.Thread:
    """A thread that has written and not committed."""
    thread = threading.Thread(target=work)
    thread.start()
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'late writer' AND state = 'idle in transaction'"
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with database.engine.connect() as connection:
            if connection.scalar(waiting):
                return thread
        time.sleep(0.02)
    raise AssertionError("the writer never came")
