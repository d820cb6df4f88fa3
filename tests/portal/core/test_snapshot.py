"""A snapshot sees one moment, whoever commits meanwhile and by whatever way it asks first."""

import threading

import pytest
from sqlalchemy import func, select

from portal.core.db import Database
from portal.core.statements import Statement
from portal.venues.models import Venue
from tests.support.house import House, build_house

_COUNT = Statement(select(func.count(Venue.id).label("number")))


@pytest.mark.parametrize("way", ["a statement of the guests' way", "a plain question"])
def test_what_is_committed_meanwhile_is_not_seen(database: Database, house: House, way: str) -> None:
    def count(session: object) -> int:
        if way.startswith("a statement"):
            return int(_COUNT.first(session, {}).number)  # type: ignore[arg-type]
        return int(session.scalar(select(func.count(Venue.id))))  # type: ignore[attr-defined]

    with database.snapshot() as session:
        before = count(session)
        _meanwhile(database)
        assert count(session) == session.scalar(select(func.count(Venue.id))) == before == 1
    with database.snapshot() as session:
        assert count(session) == 2


def _meanwhile(database: Database) -> None:
    """Another door, in another thread: one transaction may not open inside another."""

    def write() -> None:
        with database.writing() as session:
            build_house(session, "sosed")

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
