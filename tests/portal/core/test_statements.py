"""Statements of the guests' way: what is kept back is never overtaken, never lost, and never outlives its transaction."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.core import limits
from portal.core.db import Database
from portal.core.limits import Limit, LimitReached, LimitWindow
from portal.core.statements import Statement, ask_ahead, lead
from portal.core.wire import Wire

_T = LimitWindow.__table__
MAKE = Statement(insert(_T), "key", "times", "until")  # type: ignore[arg-type]
RENAME = Statement(update(_T).where(_T.c.key == bindparam("old")).values(key=bindparam("new")))  # type: ignore[arg-type]
KEYS = Statement(select(_T.c.key).order_by(_T.c.key))
TIMES = Statement(select(_T.c.times, _T.c.until).where(_T.c.key == bindparam("of")))


def row(key: str, now: datetime) -> dict[str, object]:
    return {"key": key, "times": [1.5], "until": now}


def keys(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(LimitWindow.key).order_by(LimitWindow.key)))


def test_values_come_back_as_they_were_given(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
        found = TIMES.first(session, {"of": "a"})
        assert (found.times, found.until) == ([1.5], now)
        assert TIMES.first(session, {"of": "b"}) is None


def test_a_write_is_seen_by_whatever_is_asked_next(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now), row("b", now))
        assert [one.key for one in KEYS.rows(session, {})] == ["a", "b"]
        MAKE.write(session, row("c", now))
        assert session.scalar(select(LimitWindow.key).where(LimitWindow.key == "c")) == "c"
        MAKE.write(session, row("d", now))
        assert RENAME.count(session, {"old": "d", "new": "e"}) == 1
    assert keys(database) == ["a", "b", "c", "e"]


def test_two_writes_of_one_table_keep_their_order(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
        RENAME.write(session, {"old": "a", "new": "b"})
        RENAME.write(session, {"old": "b", "new": "c"})
    assert keys(database) == ["c"]


def test_a_refused_write_refuses_the_whole_transaction_and_harms_no_later_one(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
    with pytest.raises(IntegrityError), database.writing() as session:
        KEYS.rows(session, {})
        RENAME.write(session, {"old": "a", "new": "z"})
        MAKE.write(session, row("b", now))
        MAKE.write(session, row("b", now))
    assert keys(database) == ["a"]
    with database.writing() as session:
        MAKE.write(session, row("b", now))
    assert keys(database) == ["a", "b"]


def test_what_was_kept_back_dies_with_its_transaction(database: Database, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        MAKE.write(session, row("a", now))
        raise ZeroDivisionError
    with database.writing() as session:
        KEYS.rows(session, {})
    assert keys(database) == []


def test_questions_that_were_asked_ahead_are_answered_once(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
        ask_ahead(session, (KEYS, {}), (TIMES, {"of": "a"}), (TIMES, {"of": "x"}))
        MAKE.write(session, row("b", now))
        assert TIMES.first(session, {"of": "a"}).times == [1.5]
        assert TIMES.first(session, {"of": "x"}) is None
        KEYS.rows(session, {})
        assert [one.key for one in KEYS.rows(session, {})] == ["a", "b"]


def test_a_lead_that_concerned_a_row_brings_the_next_answers_along(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
    with database.writing() as session:
        assert lead(session, (RENAME, {"old": "a", "new": "b"}), (KEYS, {})) == 1
        assert [one.key for one in KEYS.rows(session, {})] == ["b"]
        MAKE.write(session, row("c", now))
        assert [one.key for one in KEYS.rows(session, {})] == ["b", "c"]
    assert keys(database) == ["b", "c"]


def test_a_lead_that_concerned_nobody_undoes_its_questions_and_the_transaction_goes_on(database: Database, now: datetime) -> None:
    taken = Statement(insert(_T).returning(_T.c.key), "key", "times", "until")  # type: ignore[arg-type]
    with database.writing() as session:
        assert lead(session, (RENAME, {"old": "a", "new": "b"}), (taken, row("asked", now))) == 0
        assert KEYS.rows(session, {}) == []
        MAKE.write(session, row("c", now))
    assert keys(database) == ["c"]


def test_a_lead_in_the_middle_of_a_transaction_undoes_nothing(database: Database, now: datetime) -> None:
    with database.writing() as session:
        MAKE.write(session, row("a", now))
        assert lead(session, (RENAME, {"old": "b", "new": "c"}), (KEYS, {})) == 0
    assert keys(database) == ["a"]


def test_a_talk_that_was_interrupted_ends_its_connection(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite answers at once")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), database.writing() as session:
        MAKE.write(session, row("a", now))
        patch.setattr(Wire, "_wait", interrupted)
        KEYS.rows(session, {})
    assert keys(database) == []


def test_a_connection_that_the_server_ended_is_reported_as_lost_and_replaced(database: Database, now: datetime) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no connections to lose")
    with pytest.raises(DBAPIError) as lost, database.writing() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
        with database.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        KEYS.rows(session, {})
    assert lost.value.connection_invalidated
    assert keys(database) == []


def test_a_statement_that_could_not_be_prepared_is_prepared_when_it_can(database: Database, now: datetime) -> None:
    if database.is_sqlite:
        pytest.skip("nothing is prepared there")
    late = Statement(text("SELECT name FROM made_later").columns())
    for _ in range(2):
        with pytest.raises(DBAPIError), database.writing() as session:
            late.rows(session, {})
    with database.writing() as session:
        session.execute(text("CREATE TEMPORARY TABLE made_later (name text)"))
        assert late.rows(session, {}) == []


def test_what_was_prepared_outlives_the_drivers_own_statements(database: Database, now: datetime) -> None:
    for _ in range(12):  # psycopg would have prepared by then, and deallocated everything with each rollback
        with database.reading() as session:
            assert KEYS.rows(session, {}) == []
            assert session.scalar(text("SELECT 1")) == 1


def test_a_missing_fact_is_an_error(database: Database, now: datetime) -> None:
    with database.writing() as session, pytest.raises(KeyError):
        TIMES.first(session, {})


def test_limits_of_one_subject_share_a_row_and_stay_exact(database: Database, now: datetime) -> None:
    hour, day = Limit("hour", "s", 2, timedelta(hours=1)), Limit("day", "s", 3, timedelta(days=1))
    times = [now + timedelta(minutes=m) for m in (0, 1, 2, 61, 62)]
    with database.writing() as session:
        found = [limits.take(session, [hour, day], at) for at in times]
    assert [one.name if isinstance(one, LimitReached) else None for one in found] == [None, None, "hour", None, "day"]
    assert keys(database) == ["s"]


def test_room_that_is_left_was_never_taken(database: Database, now: datetime) -> None:
    one = Limit("one", "s", 1, timedelta(hours=1))
    for _ in range(2):
        with database.writing() as session:
            room = limits.find_room(session, [one], now)
            assert not isinstance(room, LimitReached)
            room.leave(session)
    with database.reading() as session:
        assert limits.peek(session, one, now) == 0
