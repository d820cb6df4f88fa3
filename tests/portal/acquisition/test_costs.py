"""Costs: what may be written down, and whose they are."""

from datetime import date

import pytest

from portal.acquisition import costs, sources
from portal.acquisition.costs import Price
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House

DAY, LAST = date(2026, 11, 1), date(2026, 11, 30)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (("monthly", 100, DAY, DAY), "unknown_cost_kind"),
        (("once", 0, DAY, DAY), "bad_amount"),
        (("once", -5, DAY, DAY), "bad_amount"),
        (("once", 10**11 + 1, DAY, DAY), "bad_amount"),
        (("pieces", 10**9, DAY, DAY, 10**6), "bad_amount"),
        (("pieces", 10, DAY, DAY, 0), "bad_pieces"),
        (("once", 10, DAY, DAY, 2), "bad_pieces"),
        (("once", 10, DAY, LAST), "bad_period"),
        (("days", 10, LAST, DAY), "bad_period"),
        (("days", 10, DAY, DAY.replace(year=2036)), "bad_period"),
        (("once", 10, date(1999, 12, 31), date(1999, 12, 31)), "bad_period"),
    ],
)
def test_a_price_that_cannot_be_is_refused(facts: tuple, code: str) -> None:
    with pytest.raises(PortalError, match=code):
        Price(*facts)


def test_costs_are_kept_found_and_taken_back(database: Database, house: House) -> None:
    with database.writing() as session:
        venue = venue_by_id(session, house.venue_id)
        source = sources.find_by_code(session, house.source_code)
        other = sources.create(session, venue, "menu", "Меню", NOW)
        print_run = costs.add(session, source, Price("pieces", 250, DAY, DAY, 24, "тираж"), NOW)
        month = costs.add(session, source, Price("days", 30_000, DAY, LAST), NOW)
        assert costs.of_source(session, source) == [month, print_run]
        assert (print_run.organization_id, print_run.venue_id) == (house.organization_id, house.venue_id)
        assert costs.spent(session, house.venue_id) == {source.id: 36_000}
        assert costs.find(session, other, print_run.id) is None, "a cost is found at its own source only"
        assert costs.touching(session, house.venue_id, date(2026, 11, 2), LAST) == [month]
        costs.remove(session, costs.find(session, source, print_run.id))
        assert costs.of_source(session, source) == [month]
