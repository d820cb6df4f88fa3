"""Money by day: to the kopeck over any split, in the row where a source is shown."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition import costs, life, sources
from portal.acquisition.costs import Price
from portal.core.db import Database
from portal.reporting import money
from portal.reporting.money import Plan, spread
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
days = st.integers(0, 400).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@given(st.integers(1, 10**9), days, st.integers(0, 200), st.lists(st.integers(0, 260), max_size=6))
def test_any_split_of_a_period_adds_up_to_the_kopeck(total: int, first: date, length: int, cuts: list[int]) -> None:
    last = first + timedelta(days=length)
    begin, end = first - timedelta(days=5), last + timedelta(days=5)
    edges = sorted({begin, *(d for n in cuts if begin < (d := begin + timedelta(days=n)) <= end), end + timedelta(days=1)})
    parts = [spread(total, first, last, a, b - timedelta(days=1)) for a, b in pairwise(edges)]
    assert sum(parts) == total
    assert all(part >= 0 for part in parts)


@given(st.integers(1, 10**9), days, st.integers(0, 200))
def test_no_day_differs_from_another_by_more_than_a_kopeck(total: int, first: date, length: int) -> None:
    each = [
        spread(total, first, first + timedelta(days=length), day, day)
        for day in (first + timedelta(days=n) for n in range(length + 1))
    ]
    assert max(each) - min(each) <= 1


def test_days_outside_cost_nothing() -> None:
    before, after = FIRST - timedelta(days=1), LAST + timedelta(days=1)
    assert spread(300, FIRST, LAST, before, before) == spread(300, FIRST, LAST, after, after) == 0
    assert spread(300, FIRST, LAST, before, after) == 300


def test_each_kind_falls_on_its_days(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        source = sources.find_by_code(session, house.source_code)
        costs.add(session, source, Price("once", 1000, FIRST, FIRST), NOW)
        costs.add(session, source, Price("pieces", 25, LAST, LAST, 4), NOW)
        costs.add(session, source, Price("days", 301, FIRST, LAST), NOW)
        assert money.costs(session, venue, FIRST, LAST) == {source.id: 1401}
        assert money.costs(session, venue, FIRST, FIRST) == {source.id: 1010}
        assert money.costs(session, venue, LAST, LAST) == {source.id: 111}
        assert money.costs(session, venue, date(2026, 12, 1), date(2026, 12, 31)) == {}


@pytest.mark.parametrize("seed", range(3))
def test_costs_of_any_parts_of_a_year_add_up_to_the_year(database: Database, house: House, seed: int) -> None:
    chance = random.Random(seed)
    begin, end = date(2026, 1, 1), date(2026, 12, 31)
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        placed = [sources.create(session, venue, "menu", f"м{number}", NOW) for number in range(6)]
        for _ in range(40):
            first = begin + timedelta(days=chance.randrange(365))
            kind, last = chance.choice(costs.KINDS), min(end, first + timedelta(days=chance.randrange(200)))
            price = Price(
                kind, chance.randint(1, 10**6), first, last if kind == "days" else first,
                chance.randint(1, 50) if kind == "pieces" else 1,
            )  # fmt: skip
            costs.add(session, chance.choice(placed), price, NOW)
        life.merge(session, placed[0], placed[1], NOW)
        life.merge(session, placed[1], placed[2], NOW)
        year = money.costs(session, venue, begin, end)
        cuts = sorted({begin, end + timedelta(days=1), *(begin + timedelta(days=chance.randrange(365)) for _ in range(30))})
        parts: Counter[int] = Counter()
        for first, after in pairwise(cuts):
            parts.update(money.costs(session, venue, first, after - timedelta(days=1)))
        assert parts == year and set(year) <= {one.id for one in placed[2:]}
        assert sum(year.values()) == sum(costs.spent(session, venue.id).values())


def test_a_merged_ones_costs_go_where_it_is_shown_and_come_back(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        old, new = (sources.create(session, venue, "menu", label, NOW) for label in ("старое", "новое"))
        costs.add(session, old, Price("once", 700, FIRST, FIRST), NOW)
        costs.add(session, new, Price("once", 300, FIRST, FIRST), NOW)
        life.point(session, old, new, NOW)
        assert money.costs(session, venue, FIRST, LAST) == {old.id: 700, new.id: 300}, "only a merge moves the past"
        life.point(session, old, None, NOW)
        life.merge(session, old, new, NOW)
        assert money.costs(session, venue, FIRST, LAST) == {new.id: 1000}
        life.part(session, old, NOW)
        assert money.costs(session, venue, FIRST, LAST) == {old.id: 700, new.id: 300}


def test_a_plan_is_of_each_month_and_of_days_in_use(database: Database, house: House) -> None:
    made = datetime(2026, 9, 30, 22, 30, tzinfo=UTC)  # the first of October in Moscow
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        source = sources.create(session, venue, "menu", "Меню", made, plan_kopecks=31_000, plan_members=62)
        assert money.plans(session, venue, date(2026, 10, 1), date(2026, 10, 31)) == {source.id: Plan(31_000, 62)}
        assert money.plans(session, venue, date(2026, 9, 1), date(2026, 10, 1)) == {source.id: Plan(1000, 2)}
        both = money.plans(session, venue, date(2026, 10, 22), date(2026, 11, 15))[source.id]
        assert both == Plan(10_000 + 15_500, 20 + 31)
        assert money.plans(session, venue, date(2026, 8, 1), date(2026, 9, 30)) == {}
        life.retire(session, source, datetime(2026, 11, 10, 9, tzinfo=UTC))
        assert money.plans(session, venue, date(2026, 11, 11), date(2026, 11, 30)) == {}
        assert money.plans(session, venue, date(2026, 11, 1), date(2026, 11, 30))[source.id].kopecks == 31_000 * 10 // 30
