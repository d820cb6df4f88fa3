"""A placement's life: whatever becomes of it, its paper has an end to land at, and its history keeps its names."""

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition import history, life, pointing, sources
from portal.acquisition.models import Source
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues.directory import venue_by_id
from portal.venues.models import Venue
from tests.support.house import NOW, House, build_house

LATER = NOW.replace(year=2027)


def make(session, house: House, label: str) -> Source:
    return sources.create(session, venue_by_id(session, house.venue_id), "table_tent", label, NOW, who="Anna")


def story(session, source: Source) -> list[tuple[str, str, str]]:
    return [(line.kind, line.was, line.became) for line in reversed(history.of_source(session, source))]


def test_history_keeps_the_old_names_and_who_changed_them(database: Database, house: House) -> None:
    with database.writing() as session:
        source = make(session, house, "Стол 7")
        sources.edit(session, source, NOW, who="Boris", label="Стол у окна")
        sources.edit(session, source, NOW, who="Boris", label="Стол у окна", printed_count=3)
        assert story(session, source) == [("created", "", "Стол 7"), ("renamed", "Стол 7", "Стол у окна")]
        assert [line.who for line in history.of_source(session, source)] == ["Boris", "Anna"]


@pytest.mark.parametrize(
    ("there", "back", "column", "lines"),
    [
        (life.pause, life.resume, "paused_at", ["paused", "resumed"]),
        (life.retire, life.reactivate, "retired_at", ["retired", "reactivated"]),
    ],
)
def test_a_step_taken_twice_is_one_step(database: Database, house: House, there, back, column, lines) -> None:
    with database.writing() as session:
        source = make(session, house, "Стол 7")
        there(session, source, NOW)
        there(session, source, LATER)
        assert getattr(source, column) == NOW
        assert sources.find_by_code(session, source.code) is source
        back(session, source, LATER)
        back(session, source, LATER)
        assert getattr(source, column) is None
        assert [kind for kind, _was, _became in story(session, source)] == ["created", *lines]


def test_a_retired_source_leaves_the_list_but_not_the_house(database: Database, house: House) -> None:
    with database.writing() as session:
        source = make(session, house, "Стол 7")
        life.retire(session, source, NOW)
        assert source not in sources.list_for_venue(session, house.venue_id, with_retired=False)
        assert source in sources.list_for_venue(session, house.venue_id)


def test_a_chain_is_followed_to_its_end_and_can_be_taken_back(database: Database, house: House) -> None:
    with database.writing() as session:
        first, second, third = (make(session, house, label) for label in "абв")
        life.point(session, first, second, NOW)
        life.point(session, second, third, NOW)
        life.retire(session, third, NOW)
        life.pause(session, third, NOW)
        assert pointing.landing(session, first) is third
        life.point(session, second, None, NOW)
        life.point(session, second, None, NOW)
        assert pointing.landing(session, first) is second
        assert story(session, second)[1:] == [("repointed", "б", "в"), ("repointed", "в", "б")]


@pytest.mark.parametrize("verb", [life.point, life.merge])
def test_no_circle_can_be_made(database: Database, house: House, verb) -> None:
    with database.writing() as session:
        first, second, third = (make(session, house, label) for label in "абв")
        life.point(session, first, second, NOW)
        life.point(session, second, third, NOW)
        with pytest.raises(PortalError, match="points_in_a_circle"):
            verb(session, third, first, NOW)
        with pytest.raises(PortalError, match="points_to_itself"):
            verb(session, third, third, NOW)
        assert third.points_to_id is None and third.merged_at is None


@pytest.mark.parametrize("verb", [life.point, life.merge])
def test_another_organizations_source_is_no_target(database: Database, house: House, verb) -> None:
    with database.writing() as session:
        theirs = sources.find_by_code(session, build_house(session, "blinnaya").source_code)
        ours = make(session, house, "Стол 7")
        with pytest.raises(PortalError, match="unknown_source"):
            verb(session, ours, theirs, NOW)


def sister_venue(session, house: House) -> Venue:
    """A second venue of the same organization."""
    mine = venue_by_id(session, house.venue_id)
    sister = Venue(
        organization_id=mine.organization_id, legal_entity_id=mine.legal_entity_id, code="sister", name="Сестра",
        live=True, created_at=NOW,
    )  # fmt: skip
    session.add(sister)
    session.flush()
    return sister


def test_paper_may_move_to_another_venue_but_a_past_may_not(database: Database, house: House) -> None:
    with database.writing() as session:
        sister = sister_venue(session, house)
        there = sources.create(session, sister, "menu", "Меню", NOW)
        here = make(session, house, "Стол 7")
        with pytest.raises(PortalError, match="other_venue"):
            life.merge(session, here, there, NOW)
        life.point(session, here, there, NOW)
        venue_by_id(session, house.venue_id).live = True
        assert pointing.landing(session, here) is there
        sister.live = False
        assert pointing.landing(session, here) is here, "a venue that is closed to guests is no place to land"
        venue_by_id(session, house.venue_id).live = False
        assert pointing.landing(session, here) is there


def test_a_merged_past_is_shown_in_the_others_row_until_they_part(database: Database, house: House) -> None:
    with database.writing() as session:
        first, second, third = (make(session, house, label) for label in "абв")
        life.merge(session, first, second, NOW)
        life.point(session, second, third, NOW)
        rows = sources.list_for_venue(session, house.venue_id)
        shown = pointing.shown_in(rows)
        assert (shown[first.id], shown[second.id], shown[third.id]) == (second.id, second.id, third.id)
        assert pointing.landing(session, first) is third
        with pytest.raises(PortalError, match="merged"):
            life.point(session, first, third, NOW)
        with pytest.raises(PortalError, match="merged"):
            life.merge(session, first, third, NOW)
        life.part(session, first, LATER)
        life.part(session, first, LATER)
        assert pointing.shown_in(rows)[first.id] == first.id and pointing.landing(session, first) is first
        assert story(session, first)[1:] == [("merged", "а", "б"), ("parted", "б", "а")]


@given(st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=6, max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_whatever_stands_in_the_rows_every_source_has_one_row_and_one_end(points, merged) -> None:
    rows = [
        Source(id=number, points_to_id=to, merged_at=NOW if is_merged else None)
        for number, (to, is_merged) in enumerate(zip(points, merged, strict=True), 1)
    ]
    shown = pointing.shown_in(rows)
    assert set(shown) == {row.id for row in rows} and set(shown.values()) <= set(shown)
    for row in rows:
        assert pointing.within(row, rows) in rows
        if not (row.points_to_id and row.merged_at):
            assert shown[row.id] == row.id


def test_two_people_at_once_close_no_circle(database: Database, house: House) -> None:
    with database.writing() as session:
        ring = [make(session, house, label).id for label in "абвг"]
    ready = Barrier(len(ring))

    def point_on(number: int) -> bool:
        ready.wait()
        try:
            with database.writing() as session:
                one, other = (session.get(Source, ring[(number + step) % len(ring)]) for step in (0, 1))
                life.point(session, one, other, NOW)
        except PortalError as refused:
            assert refused.code == "points_in_a_circle"
            return False
        return True

    with ThreadPoolExecutor(len(ring)) as pool:
        done = list(pool.map(point_on, range(len(ring))))
    assert done.count(False) == 1, "whoever comes last would close it"
    with database.reading() as session:
        assert [session.get(Source, one).points_to_id for one in ring].count(None) == 1


@pytest.mark.parametrize("seed", range(4))
def test_after_any_life_every_code_lands_and_every_past_has_one_row(database: Database, house: House, seed: int) -> None:
    chance = random.Random(seed)
    with database.writing() as session:
        home, sister = venue_by_id(session, house.venue_id), sister_venue(session, house)
        placed = [sources.create(session, chance.choice((home, sister)), "menu", f"м{n}", NOW) for n in range(6)]
        for _ in range(120):
            one, other = chance.sample(placed, 2)
            home.live, sister.live = chance.random() < 0.8, chance.random() < 0.8
            try:
                _live_on(session, chance, one, other)
            except PortalError as refused:
                assert refused.code in {"merged", "points_in_a_circle", "other_venue"}
            for source in placed:
                end = pointing.landing(session, source)
                assert end in placed and pointing.leads_to(session, source, end)
                open_at_all = {venue.id for venue in (home, sister) if venue.live}
                assert end.venue_id in open_at_all or source.venue_id not in open_at_all, "open paper lands at an open venue"
            shown = pointing.shown_in(placed)
            assert all(shown[row] == row for row in shown.values()), "a row is shown in itself"
            assert {session.get(Source, row).venue_id == one.venue_id for one in placed for row in [shown[one.id]]} == {True}


def _live_on(session, chance: random.Random, one: Source, other: Source) -> None:
    match chance.randrange(4):
        case 0:
            life.point(session, one, other, NOW)
        case 1:
            life.point(session, one, None, NOW)
        case 2:
            life.merge(session, one, other, NOW)
        case _:
            chance.choice((life.pause, life.resume, life.retire, life.reactivate, life.part))(session, one, NOW)
