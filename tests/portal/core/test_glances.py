"""Glances: one statement on a connection of their own, which may be lost at any time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import bindparam, literal, select
from sqlalchemy.exc import DBAPIError, OperationalError

from portal.core.db import Database, UtcDateTime
from portal.core.statements import Statement
from portal.venues.models import Venue
from tests.support.house import House

_VENUE = Statement(select(Venue.id, Venue.code, Venue.created_at).where(Venue.code == bindparam("code")))
_MOMENT = Statement(select(literal(None, UtcDateTime()).label("none"), bindparam("at", type_=UtcDateTime()).label("at")))
_BROKEN = Statement(select(Venue.id).where(Venue.id == 1 / literal(0)))


def ask(database: Database) -> tuple[int, str]:
    with database.glancing() as glances:
        found = _VENUE.first(glances, {"code": "teremok"})
    return found.id, found.code


def test_rows_are_those_that_a_session_reads(database: Database, house: House, now: datetime) -> None:
    with database.reading() as session:
        read = _VENUE.rows(session, {"code": "teremok"})
        moment = _MOMENT.rows(session, {"at": now})
    with database.glancing() as glances:
        assert _VENUE.rows(glances, {"code": "teremok"}) == read and read[0].id == house.venue_id
        assert _VENUE.rows(glances, {"code": "nowhere"}) == []
        assert _MOMENT.rows(glances, {"at": now}) == moment == [(None, now)]


def test_what_was_committed_is_seen_at_once(database: Database, house: House) -> None:
    assert ask(database) == (house.venue_id, "teremok")
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).code = "teremok-2"
    with database.glancing() as glances:
        assert _VENUE.first(glances, {"code": "teremok"}) is None


def test_a_glance_is_no_second_transaction_of_a_door(database: Database, house: House) -> None:
    with database.reading(), pytest.raises(RuntimeError), database.glancing():
        pass


def test_connections_that_were_lost_are_replaced(database: Database, house: House) -> None:
    if database.is_sqlite:
        pytest.skip("a file is not lost")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: ask(database), range(200))) == {(house.venue_id, "teremok")}
    with database.writing() as session:
        session.connection().exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [ask(database) for _ in range(8)] == [(house.venue_id, "teremok")] * 8


def test_an_error_is_sqlalchemys_and_the_next_question_is_answered(database: Database, house: House) -> None:
    if not database.is_sqlite:  # SQLite divides by nought without a word
        with database.glancing() as glances, pytest.raises(DBAPIError):
            _BROKEN.rows(glances, {})
    assert ask(database) == (house.venue_id, "teremok")


def test_a_database_that_is_away_is_told_so() -> None:
    away = Database("postgresql+psycopg://nobody@/nothing?host=/nonexistent", pool_size=1)
    with away.glancing() as glances, pytest.raises(OperationalError):
        _VENUE.rows(glances, {"code": "x"})
