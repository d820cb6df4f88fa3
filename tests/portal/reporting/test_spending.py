"""What a member costs: shares of what was spent, dashes where nothing can be shared, small and cheap told from good."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition import costs, life, sources
from portal.acquisition.costs import Price
from portal.core.db import Database
from portal.reporting import spending as room
from portal.reporting.funnel import channels
from portal.reporting.question import Question
from portal.reporting.spending import SpendingRow, each
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House
from tests.support.visits import add_visit

DAY = NOW.date()
S = timedelta(seconds=20)
MEMBER = {"phone": S, "verified": 2 * S, "card": 2 * S}


def fill(session, house: House, source, visits: int, members: int, online: int = 0, sms: int = 0) -> None:
    for number in range(visits):
        steps = {**(MEMBER if number < members else {}), **({"online": 3 * S} if number < online else {})}
        add_visit(
            session, house, NOW - timedelta(hours=1), steps, source_id=source.id if source else None,
            sms_kopecks=sms if number < members else 0,
        )  # fmt: skip


def asked(session, house: House, **filters) -> room.Spending:
    question = Question(venue_by_id(session, house.venue_id), DAY, DAY, **filters)
    return room.spending(session, channels(session, question, now=NOW))


def test_visits_members_and_online_guests_share_print_and_sms(database: Database, house: House) -> None:
    with database.writing() as session:
        source = sources.find_by_code(session, house.source_code)
        costs.add(session, source, Price("once", 100_00, DAY, DAY), NOW)
        fill(session, house, source, visits=40, members=8, online=4, sms=550)
        row = asked(session, house).rows[0]
        assert (row.cost, row.sms, row.spent) == (100_00, 8 * 550, 14_400)
        assert (row.per_visit, row.per_member, row.per_online) == (360, 1800, 3600)
        assert row.per_member_bounds.low < 1800 < row.per_member_bounds.high


def test_nothing_spent_or_nobody_there_is_no_price(database: Database, house: House) -> None:
    with database.writing() as session:
        source = sources.find_by_code(session, house.source_code)
        free = sources.create(session, venue_by_id(session, house.venue_id), "social", "ВКонтакте", NOW)
        costs.add(session, source, Price("once", 100_00, DAY, DAY), NOW)
        fill(session, house, source, visits=10, members=0)
        fill(session, house, free, visits=10, members=5)
        paid, unpaid = asked(session, house).rows[:2]
        assert (paid.source.id, paid.per_visit, paid.per_member, paid.per_online, paid.per_member_bounds) == (
            source.id, 1000, None, None, None,
        )  # fmt: skip
        assert (unpaid.source.id, unpaid.per_visit, unpaid.per_member, unpaid.per_online) == (free.id, None, None, None)


def test_a_cheaper_channel_with_fewer_members_is_told_to_be_one(database: Database, house: House) -> None:
    with database.writing() as session:
        large = sources.find_by_code(session, house.source_code)
        small, tiny = (sources.create(session, venue_by_id(session, house.venue_id), "menu", label, NOW) for label in "аб")
        for source, kopecks, visits, members in ((large, 400_00, 60, 20), (small, 50_00, 40, 5), (tiny, 100, 10, 4)):
            costs.add(session, source, Price("once", kopecks, DAY, DAY), NOW)
            fill(session, house, source, visits, members)
        rows = {row.source.id: row for row in asked(session, house).rows if row.source}
        assert (rows[large.id].rank_by_cost, rows[large.id].rank_by_members, rows[large.id].cheaper_than) == (2, 1, None)
        assert (rows[small.id].rank_by_cost, rows[small.id].rank_by_members) == (1, 2)
        assert rows[small.id].cheaper_than is large
        assert (rows[tiny.id].rank_by_cost, rows[tiny.id].cheaper_than) == (None, None), "10 visits have no place"


def test_the_total_is_the_sum_of_all_rows_and_of_costs_without_visits(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        source = sources.find_by_code(session, house.source_code)
        gone = sources.create(session, venue, "menu", "Старое меню", NOW, plan_kopecks=30_00)
        costs.add(session, source, Price("once", 100_00, DAY, DAY), NOW)
        costs.add(session, gone, Price("once", 7_00, DAY, DAY), NOW)
        life.retire(session, gone, NOW)
        fill(session, house, source, visits=3, members=1, sms=500)
        fill(session, house, None, visits=2, members=1, sms=600)
        found = asked(session, house)
        assert {row.source and row.source.id for row in found.rows} == {source.id, gone.id, None}
        assert found.rows[-1].source is None and found.rows[-1].sms == 600
        total = found.total
        assert (total.cost, total.sms, total.visits, total.members, total.per_member) == (107_00, 1100, 5, 2, 5900)
        only = asked(session, house, sources=frozenset({source.code}))
        assert [row.source.id for row in only.rows] == [source.id] and only.total.cost == 100_00


def test_a_merged_ones_money_and_members_are_in_one_row(database: Database, house: House) -> None:
    with database.writing() as session:
        source = sources.find_by_code(session, house.source_code)
        old = sources.create(session, venue_by_id(session, house.venue_id), "menu", "Старое", NOW)
        for one in (source, old):
            costs.add(session, one, Price("once", 100_00, DAY, DAY), NOW)
            fill(session, house, one, visits=5, members=2)
        life.merge(session, old, source, NOW)
        rows = [row for row in asked(session, house).rows if row.source]
        assert [(row.source.id, row.cost, row.members, row.per_member) for row in rows] == [(source.id, 200_00, 4, 5000)]


def test_plan_and_fact_stand_side_by_side(database: Database, house: House) -> None:
    with database.writing() as session:
        made = NOW - timedelta(days=60)
        source = sources.create(
            session, venue_by_id(session, house.venue_id), "menu", "Меню", made, plan_kopecks=300_00, plan_members=30
        )
        costs.add(session, source, Price("once", 15_00, DAY, DAY), NOW)
        fill(session, house, source, visits=4, members=2, sms=500)
        row = next(row for row in asked(session, house).rows if row.source is source)
        assert (row.plan.kopecks, row.plan.members) == (10_00, 1)
        assert (row.of_plan, row.members_of_plan) == (1.5, 2.0), "a month's plan, one day of thirty; SMS are no part of it"
        unplanned = sources.find_by_code(session, house.source_code)
        costs.add(session, unplanned, Price("once", 900_00, DAY, DAY), NOW)
        fill(session, house, unplanned, visits=4, members=4)
        found = asked(session, house)
        assert (found.planned.of_plan, found.planned.members_of_plan) == (1.5, 2.0), "what nobody planned is not held to a plan"
        assert (found.total.cost, found.total.members) == (915_00, 6)


@given(st.integers(0, 10**10), st.integers(0, 10**6))
def test_a_price_times_its_count_is_what_was_spent_but_for_rounding(spent: int, count: int) -> None:
    price = each(spent, count)
    if not spent or not count:
        assert price is None
    else:
        assert abs(price * count - spent) * 2 <= count


@given(st.integers(1, 5000), st.data())
def test_the_price_lies_within_its_interval(visits: int, data: st.DataObject) -> None:
    members = data.draw(st.integers(1, visits))
    row = SpendingRow(None, visits, members, 0, cost=data.draw(st.integers(1, 10**9)), sms=0, plan=room.Plan())
    bounds = row.per_member_bounds
    assert bounds.low <= row.per_member + 1 and (bounds.high is None or row.per_member <= bounds.high + 1)
