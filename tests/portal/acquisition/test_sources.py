"""Placements: codes that can be read off paper, fields that are checked, retirement that kills nothing."""

import pytest

from portal.acquisition import sources
from portal.acquisition.models import SOURCE_KINDS, Source
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House


def make(database: Database, house: House, kind: str = "receipt", label: str = "Чек", **fields: str | int) -> Source:
    with database.writing() as session:
        return sources.create(session, venue_by_id(session, house.venue_id), kind, label, NOW, **fields)


def test_a_code_is_short_unique_and_cannot_be_misread(database: Database, house: House) -> None:
    codes = {make(database, house).code for _ in range(30)}
    assert len(codes) == 30
    for code in codes:
        assert 6 <= len(code) <= 8
        assert not set(code) & set("01loiIO") and code == code.lower()


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_every_kind_can_be_made_and_answers_to_its_name(database: Database, house: House, kind: str) -> None:
    assert make(database, house, kind).utm_source == kind.replace("_", "-")


def test_values_are_normalised_and_amounts_kept(database: Database, house: House) -> None:
    made = make(
        database, house, label="  Стол \x00 7\n", utm_source="Table_Tent", utm_medium="", plan_kopecks=150_000, printed_count=12
    )
    assert (made.label, made.utm_source, made.utm_medium) == ("Стол 7", "table-tent", "")
    assert (made.plan_kopecks, made.printed_count, made.organization_id) == (150_000, 12, house.organization_id)


@pytest.mark.parametrize("typed", ["{}", " {} ", "upper"])
def test_a_code_is_found_as_it_was_typed(database: Database, house: House, typed: str) -> None:
    made = make(database, house)
    with database.reading() as session:
        found = sources.find_by_code(session, made.code.upper() if typed == "upper" else typed.format(made.code))
    assert found is not None and found.id == made.id


@pytest.mark.parametrize("typed", ["", " ", "nosuch7", "x" * 5000, "\x00", "кодкод7", "' OR 1=1 --"])
def test_an_unknown_code_is_nobody(database: Database, house: House, typed: str) -> None:
    with database.reading() as session:
        assert sources.find_by_code(session, typed) is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "billboard"}, "unknown_kind"),
        ({"label": " \n"}, "bad_label"),
        ({"label": "x" * 121}, "bad_label"),
        ({"plan_kopecks": -1}, "bad_amount"),
        ({"printed_count": 10**12}, "bad_amount"),
        ({"plan_members": "1"}, "bad_amount"),
    ],
)
def test_a_wrong_field_is_refused_by_name(database: Database, house: House, fields: dict[str, str | int], code: str) -> None:
    made = make(database, house)
    with database.writing() as session, pytest.raises(PortalError, match=code):
        sources.edit(session, session.merge(made), NOW, **fields)


@pytest.mark.parametrize(
    "name", ["code", "venue_id", "organization_id", "retired_at", "points_to_id", "cost_kopecks", "nonsense"]
)
def test_what_is_printed_or_owned_cannot_be_edited(database: Database, house: House, name: str) -> None:
    made = make(database, house)
    with database.writing() as session, pytest.raises(TypeError, match=name):
        sources.edit(session, session.merge(made), NOW, **{name: "x"})
