"""Whoever keeps a copy of what landings are made of learns of each change, in whatever order changes are committed."""

from datetime import datetime

import pytest
from sqlalchemy import func, select, text

from portal.consent import documents
from portal.consent.models import ConsentDocument
from portal.core.config import Settings
from portal.core.db import Database
from portal.venues import changes, directory
from portal.venues.models import FrontChange
from tests.support.house import House, build_house

# of portal.web.guest.shelf.Front: the venue with its entity, placements, gateways, documents
TABLES = ("legal_entity", "venue", "source", "gateway", "consent_document")


def edition(database: Database) -> changes.Edition:
    with database.glancing() as glances:
        return changes.edition(glances)


@pytest.mark.parametrize("table", TABLES[:-1])
def test_a_change_of_what_landings_are_made_of_is_noticed(database: Database, house: House, table: str) -> None:
    before = edition(database)
    with database.writing() as session:
        assert session.connection().execute(text(f"UPDATE {table} SET id = id")).rowcount
    assert edition(database) != before


def test_a_document_that_is_drafted_and_one_that_is_published_are_noticed(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    seen = {edition(database)}
    with database.writing() as session:
        venue = directory.venue_by_id(session, house.venue_id)
        draft, *_ = documents.draft_all(session, venue, venue.legal_entity, now, settings)
    seen.add(edition(database))
    with database.writing() as session:
        documents.publish(session, session.get_one(ConsentDocument, draft.id), now)
    assert len(seen | {edition(database)}) == 3


def test_what_comes_and_what_goes_is_noticed(database: Database, house: House) -> None:
    before = edition(database)
    with database.writing() as session:
        build_house(session, "sosed")
    between = edition(database)
    with database.writing() as session:
        assert session.connection().execute(text("DELETE FROM source")).rowcount
    assert len({before, between, edition(database)}) == 3


def test_a_change_that_was_begun_first_and_committed_last_is_noticed(database: Database, house: House) -> None:
    if database.is_sqlite:
        pytest.skip("one writer at a time")
    with database.engine.connect() as slow, slow.begin() as transaction:
        slow.execute(text("UPDATE venue SET name = 'Теремок 2'"))
        with database.writing() as session:
            session.connection().execute(text("UPDATE source SET label = 'стол 8'"))
        before = edition(database)
        transaction.commit()
    assert edition(database) != before


def test_old_changes_are_forgotten_and_that_is_no_way_back(
    database: Database, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 2)
    seen = {edition(database)}
    for _ in range(4):
        with database.writing() as session:
            session.connection().execute(text("UPDATE venue SET name = 'x'"))
        seen.add(edition(database))
        with database.writing() as session:
            changes.forget_old(session)
            assert session.scalar(select(func.count(FrontChange.id))) == 2
        seen.add(edition(database))
    assert len(seen) == 9
