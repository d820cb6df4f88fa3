"""What a landing is made of is kept until it changes, the most recent of many places."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.core.db import Database
from portal.core.glances import Glances
from portal.core.kept import KeptSessions
from portal.venues import changes
from portal.web.guest import shelf
from tests.portal.venues.test_changes import TABLES
from tests.support.signups import World, leave_phone, scan, type_code, visit_token


@contextmanager
def questions(database: Database) -> Iterator[list[str]]:
    """What is asked of the database through sessions meanwhile."""
    asked = list[str]()

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seconds in which a change goes unnoticed."""
    monkeypatch.setattr(shelf, "FRESH_SECONDS", 0.0)


def test_a_full_shelf_goes_on_keeping_what_is_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST", 1)
    client = world.client()
    client.get(f"/v/{world.house.venue_code}")
    scan(client, world.house.source_code)
    with questions(world.database) as asked:
        scan(client, world.house.source_code)
    assert asked == []


def test_landings_are_made_of_nothing_whose_changes_go_unnoticed(world: World) -> None:
    with questions(world.database) as asked:
        scan(world.client(), world.house.source_code)
        world.client().get(f"/v/{world.house.venue_code}")
        empty = world.client().post("/signup", data={"visit": visit_token(scan(world.client(), world.house.source_code))})
    assert empty.status_code == 422
    assert {table for sql in asked for table in re.findall(r"(?:FROM|JOIN) (\w+)", sql)} == set(TABLES)


@pytest.mark.usefixtures("always_asked")
def test_what_an_owner_changes_is_on_the_next_page(world: World) -> None:
    assert "Полцены на кофе" not in scan(world.client(), world.house.source_code)
    with world.database.writing() as session:
        session.connection().execute(text("UPDATE venue SET offer_ru = 'Полцены на кофе'"))
    assert "Полцены на кофе" in scan(world.client(), world.house.source_code)


@pytest.mark.usefixtures("always_asked")
def test_guests_change_nothing_that_landings_are_made_of(world: World) -> None:
    scan(world.client(), world.house.source_code)
    client = world.client()
    page = scan(client, world.house.source_code)
    verify = leave_phone(client, page).headers["Location"]
    assert type_code(client, verify, world.code()).status_code == 303
    with questions(world.database) as asked:
        scan(world.client(), world.house.source_code)
    assert asked == []


@pytest.mark.usefixtures("always_asked")
def test_what_changes_while_it_is_being_read_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = sources.find_by_code

    def slow(session: Session, code: str) -> Source | None:
        found = read(session, code)
        monkeypatch.setattr(sources, "find_by_code", read)
        with world.database.engine.connect() as owner, owner.begin():
            owner.execute(text("UPDATE source SET label = 'стол 9'"))
        return found

    monkeypatch.setattr(sources, "find_by_code", slow)
    scan(world.client(), world.house.source_code)
    with questions(world.database) as asked:
        scan(world.client(), world.house.source_code)
    assert any("FROM source" in one for one in asked)


@pytest.mark.usefixtures("always_asked")
def test_a_database_that_is_away_takes_no_landing_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(world.client(), world.house.source_code)

    def away(*_: object) -> None:
        tried.append(1)
        raise OperationalError("", None, ConnectionError())

    tried = list[int]()
    monkeypatch.setattr(KeptSessions, "_take", away)
    monkeypatch.setattr(Glances, "fetch", away)
    scan(world.client(), world.house.source_code)
    assert len(tried) == 2


@pytest.mark.usefixtures("always_asked")
def test_what_cannot_be_asked_for_changes_is_read_each_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ProgrammingError("", None, Exception("no such table"))

    monkeypatch.setattr(changes, "edition", broken)
    scan(world.client(), world.house.source_code)
    with world.database.engine.begin() as owner:
        owner.execute(text("UPDATE venue SET offer_ru = 'Полцены на кофе'"))
    assert "Полцены на кофе" in scan(world.client(), world.house.source_code)


def test_the_page_that_is_kept_is_nobodys_own(world: World) -> None:
    path, russian, english = f"/s/{world.house.source_code}", {"Accept-Language": "ru"}, {"Accept-Language": "en"}
    world.client().head(path, headers=russian)
    world.client().get(f"{path}?%6cang=en", headers=russian)
    world.client().get(f"{path.upper().replace('/S/', '/s/')}", headers=russian)
    assert f'href="{path}?lang=en"' in world.client().get(path, headers=russian).text
    assert f'href="{path}?lang=ru"' in world.client().get(path, headers=english).text
