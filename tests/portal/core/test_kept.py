"""A kept session is as good as a new one: nothing of one transaction reaches the next, and lost connections are replaced."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.core import kept
from portal.core.db import OVERFLOW, Database
from portal.venues.models import Organization, Venue
from tests.support.house import NOW, House, build_house


def connection_of(database: Database) -> Connection:
    with database.reading() as session:
        return session.connection()


def end_all(database: Database) -> None:
    """As a restart of the server, or a firewall that has forgotten them."""
    with database.engine.connect() as other:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        other.execute(text(f"{ended} AND pid <> pg_backend_pid()"))


def test_reading_and_writing_use_one_connection_again_and_again(database: Database, house: House) -> None:
    first = connection_of(database)
    with database.writing() as session:
        assert session.connection() is first
    assert connection_of(database) is first


def test_what_was_read_before_is_read_anew(database: Database, house: House) -> None:
    with database.reading() as session:
        before = session.get_one(Venue, house.venue_id)
    with database.engine.begin() as owner:
        owner.execute(text("UPDATE venue SET name = 'Другое'"))
    with database.reading() as session:
        after = session.get_one(Venue, house.venue_id)
    assert (before.name, after.name) == ("Теремок", "Другое")


def test_what_was_added_and_given_up_is_not_written_by_the_next(database: Database, house: House) -> None:
    for is_sent in (True, False):
        with pytest.raises(ZeroDivisionError), database.writing() as session:
            session.add(Organization(name="Соседи", created_at=NOW))
            if is_sent:
                session.flush()
            raise ZeroDivisionError
        with database.writing() as session:
            assert session.query(Organization).count() == 1


def test_a_refused_transaction_harms_no_later_one(database: Database, house: House) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        build_house(session)
    with database.writing() as session:
        build_house(session, "sosed")
    with database.reading() as session:
        assert session.query(Venue).count() == 2


def test_options_of_one_transaction_do_not_hold_for_the_next(database: Database, house: House) -> None:
    with database.reading() as session:
        session.connection().execution_options(yield_per=1)
    assert "yield_per" not in connection_of(database).get_execution_options()


def test_a_connection_that_rested_is_asked_whether_it_lives(
    database: Database, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        pytest.skip("a file is not lost")
    connection_of(database)
    end_all(database)
    monkeypatch.setattr(kept, "RESTED_SECONDS", 0.0)
    with database.writing() as session:
        assert session.query(Venue).count() == 1


def test_one_that_is_lost_at_work_costs_one_transaction(database: Database, house: House) -> None:
    if database.is_sqlite:
        pytest.skip("a file is not lost")
    connection_of(database)
    end_all(database)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.query(Venue).count()
    with database.writing() as session:
        assert session.query(Venue).count() == 1


def test_nothing_stays_open_when_the_engine_is_disposed_of(database: Database, house: House) -> None:
    first = connection_of(database)
    raw = first.connection.dbapi_connection
    database.engine.dispose()
    assert first.closed
    assert raw is not None
    with pytest.raises(Exception, match="closed"):
        raw.cursor().execute("SELECT 1")
    assert connection_of(database) is not first


def test_whoever_waits_gets_the_first_that_is_free(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    inside, go_on, most = threading.Semaphore(0), threading.Event(), 1 + OVERFLOW // 2

    def slow() -> None:
        with database.snapshot() as session:
            session.execute(text("SELECT 1"))
            inside.release()
            assert go_on.wait(20)

    with ThreadPoolExecutor(most + 4) as pool:
        crowd = [pool.submit(slow) for _ in range(most + 4)]
        for _ in range(most):
            assert inside.acquire(timeout=20)
        with database.engine.connect() as other:  # migrations and glances find their own
            other.execute(text("SELECT 1"))
        go_on.set()
        for one in crowd:
            one.result(10)
    database.engine.dispose()


def test_a_crowd_leaves_no_more_than_the_pool(database_url: str) -> None:
    database = Database(database_url, pool_size=2)
    together = threading.Barrier(4)

    def work() -> None:
        with database.snapshot() as session:
            session.execute(text("SELECT 1"))
            together.wait(20)

    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(work) for _ in range(4)]:
            one.result(20)
    assert len(database._sessions._idle) == 2
    database.engine.dispose()


@pytest.mark.parametrize("is_too_late", [False, True])
def test_what_is_to_follow_a_commit_follows_only_that(database: Database, house: House, is_too_late: bool) -> None:
    done = list[str]()
    with suppress(ZeroDivisionError), database.writing() as session:
        kept.after_commit(session, lambda: done.append("now"))
        assert done == []
        if is_too_late:
            raise ZeroDivisionError
    with database.writing():
        pass
    assert done == ([] if is_too_late else ["now"])


def test_a_commit_that_fails_leaves_no_transaction_behind(database: Database, house: House) -> None:
    def fails(_connection: object) -> None:
        raise ZeroDivisionError

    event.listen(database.engine, "commit", fails)
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        session.connection().execute(text("UPDATE venue SET name = 'Другое'"))
    event.remove(database.engine, "commit", fails)
    with database.engine.begin() as other:  # on SQLite it would find the file locked
        other.execute(text("UPDATE source SET label = 'стол 8'"))
    with database.writing() as session:
        assert session.scalar(select(Venue.name)) == "Теремок"
