"""A batch of table codes: all or nothing, numbered, found again."""

import pytest

from portal.acquisition import batch, life, sources
from portal.acquisition.utm import match, read_utm
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House


def tables(session, house: House, pattern: str = "Столик {n}", first: int = 1, last: int = 12):
    return batch.create(session, venue_by_id(session, house.venue_id), "table_tent", pattern, first, last, NOW, "Anna")


def test_every_table_has_its_own_code_and_name(database: Database, house: House) -> None:
    with database.writing() as session:
        made = tables(session, house, first=9, last=11)
        assert [one.label for one in made] == ["Столик 9", "Столик 10", "Столик 11"]
        assert len({one.code for one in made}) == 3
        venue = venue_by_id(session, house.venue_id)
        sources.create(session, venue, "menu", "Меню", NOW)
        assert list(batch.between(session, venue, made[0], made[-1])) == made


def test_a_general_link_is_not_taken_for_one_table(database: Database, house: House) -> None:
    with database.writing() as session:
        made = tables(session, house)
        assert match(read_utm([("utm_source", "table_tent")]), made, {}) is None
        assert match(read_utm([("utm_source", "table_tent"), ("utm_content", "Столик 3")]), made, {}) is made[2]


@pytest.mark.parametrize(
    ("pattern", "first", "last", "code"),
    [
        ("Стол", 1, 3, "bad_pattern"),
        ("{n} и {n}", 1, 3, "bad_pattern"),
        ("Стол {n}", 3, 1, "bad_numbers"),
        ("Стол {n}", -1, 1, "bad_numbers"),
        ("Стол {n}", 1, 10_000, "bad_numbers"),
        ("Стол {n}", 1, 201, "too_many"),
        ("x" * 118 + "{n}", 98, 101, "bad_label"),
    ],
)
def test_a_wrong_batch_makes_nothing(database: Database, house: House, pattern: str, first: int, last: int, code: str) -> None:
    with pytest.raises(PortalError, match=code), database.writing() as session:
        tables(session, house, pattern, first, last)
    with database.reading() as session:
        assert len(sources.list_for_venue(session, house.venue_id)) == 1


def test_the_same_form_sent_twice_makes_nothing_twice(database: Database, house: House) -> None:
    with database.writing() as session:
        made = tables(session, house, first=1, last=3)
    with pytest.raises(PortalError, match="label_taken") as refused, database.writing() as session:
        tables(session, house, first=2, last=5)
    assert refused.value.details == {"label": "Столик 2"}
    with database.writing() as session:
        for one in made[1:]:
            life.retire(session, session.merge(one), NOW)
        assert len(tables(session, house, first=2, last=5)) == 4


def test_two_hundred_go_at_once(database: Database, house: House) -> None:
    with database.writing() as session:
        assert len({one.code for one in tables(session, house, last=200)}) == 200
