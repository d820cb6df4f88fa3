"""What the address says is what is asked, and every link says it again."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from portal.acquisition.models import Source
from portal.venues.models import Venue
from portal.web.dashboard.filters import Filters, read_filters
from portal.web.dashboard.range import Range
from tests.support.house import NOW

VENUE = Venue(id=1, organization_id=1, code="teremok", timezone="Europe/Moscow")
SOURCES = [
    Source(id=1, code="bcdfghj", kind="table_tent", label="Стол 1", utm_campaign="autumn"),
    Source(id=2, code="klmnpqr", kind="receipt", label="Чек", utm_campaign=""),
]
PRESET = Range(date(2026, 10, 26), date(2026, 11, 22), "four_weeks")


def read(*pairs: tuple[str, str]) -> Filters:
    return read_filters(MultiDict(pairs), NOW, VENUE, SOURCES)


def again(filters: Filters) -> Filters:
    said = [(name, one) for name, value in filters.query.items() for one in (value if isinstance(value, list) else [value])]
    return read(*said)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sources": ("bcdfghj", "other")},
        {"kinds": ("receipt",), "campaigns": ("autumn",), "visitors": "returning"},
        {"language": "en", "device": "iphone", "window": "7d", "attribution": "first"},
        {"grain": "week", "metric": "rate", "ghost": False, "every": True},
        {"picks": ("all", "klmnpqr", "other")},
        {"days": Range(date(2026, 1, 5), date(2026, 1, 9), "")},
    ],
)
def test_every_filter_comes_back_from_its_own_link(changes):
    asked = read().with_(**changes)
    assert again(asked) == asked


def test_what_is_as_usual_makes_no_address_long():
    assert read().query == {"range": "four_weeks"}


@pytest.mark.parametrize(
    "pair",
    [
        ("source", "nobody-has"), ("kind", "poster"), ("kind", "wifi"), ("campaign", "spring"), ("visitors", "old"),
        ("language", "fr"), ("device", "toaster"), ("window", "1y"), ("attribution", "last"), ("grain", "hour"),
        ("metric", "money"), ("pick", "'; drop table visit"),
    ],
)  # fmt: skip
def test_what_does_not_exist_here_filters_nothing(pair):
    assert read(pair) == read()


def test_four_funnels_at_most_and_each_once():
    picked = read(*(("pick", code) for code in ("all", "other", "all", "bcdfghj", "klmnpqr", "klmnpqr"))).picks
    assert picked == ("all", "other", "bcdfghj", "klmnpqr")
    assert read(*(("pick", code) for code in ("all", "other", "bcdfghj", "klmnpqr", "all"))).picks == picked


def test_a_chip_takes_off_one_filter_and_clearing_takes_off_all_but_the_days():
    asked = read(("source", "bcdfghj"), ("source", "other"), ("device", "iphone"), ("range", "week"), ("metric", "rate"))
    assert asked.chosen == (("source", "bcdfghj"), ("source", "other"), ("device", "iphone"))
    assert asked.without("source", "other").chosen == (("source", "bcdfghj"), ("device", "iphone"))
    assert asked.without("device", "iphone").chosen == (("source", "bcdfghj"), ("source", "other"))
    assert asked.cleared.chosen == ()
    assert asked.cleared.query == {"range": "week", "metric": "rate"}


@pytest.mark.parametrize(
    ("last", "asked", "drawn"),
    [
        (date(2026, 1, 1), "", "day"),
        (date(2026, 4, 2), "", "day"),
        (date(2026, 4, 3), "", "week"),
        (date(2026, 4, 3), "day", "day"),
        (date(2026, 5, 4), "day", "day"),
        (date(2026, 5, 5), "day", "week"),
        (date(2026, 12, 31), "month", "month"),
        (date(2027, 2, 5), "", "month"),
        (date(2027, 12, 31), "week", "week"),
    ],
)
def test_the_graph_takes_the_grain_that_was_asked_for_while_its_points_are_not_too_many(last, asked, drawn):
    assert Filters(Range(date(2026, 1, 1), last, ""), grain=asked).drawn_grain == drawn


@pytest.mark.parametrize(
    ("days", "before", "after"),
    [
        (PRESET, "2026-09-28 2026-10-25", None),
        (Range(date(2026, 10, 1), date(2026, 10, 31), "last_month"), "2026-09-01 2026-09-30", "2026-11-01 2026-11-22"),
        (Range(date(2026, 11, 1), date(2026, 11, 22), "month"), "2026-10-01 2026-10-31", None),
        (Range(date(2026, 11, 10), date(2026, 11, 16), ""), "2026-11-03 2026-11-09", "2026-11-17 2026-11-22"),
    ],
)
def test_the_arrows_go_by_the_length_of_the_range_and_by_months_through_months(days, before, after):
    today = date(2026, 11, 22)
    earlier, later = days.shifted(-1, today), days.shifted(1, today)
    assert earlier is not None and f"{earlier.first} {earlier.last}" == before
    assert (None if later is None else f"{later.first} {later.last}") == after
