"""Days of a report: in the venue's zone, with presets."""

from datetime import UTC, date, datetime

import pytest

from portal.web.dashboard.range import Range, read_range

# In Moscow it is already the first of March.
NOW = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({"range": "today"}, date(2026, 3, 1), date(2026, 3, 1)),
        ({"range": "week"}, date(2026, 2, 23), date(2026, 3, 1)),
        ({"range": "month"}, date(2026, 3, 1), date(2026, 3, 1)),
        ({"range": "last_month"}, date(2026, 2, 1), date(2026, 2, 28)),
        ({"range": "since the flood"}, date(2026, 2, 2), date(2026, 3, 1)),
        ({}, date(2026, 2, 2), date(2026, 3, 1)),
        ({"from": "2026-01-05", "to": "2026-01-09"}, date(2026, 1, 5), date(2026, 1, 9)),
        ({"from": "2026-01-05"}, date(2026, 1, 5), date(2026, 3, 1)),
        ({"to": "2026-01-05"}, date(2026, 1, 5), date(2026, 1, 5)),
    ],
)
def test_days_are_the_venues(asked, first, last):
    days = read_range(asked, NOW, "Europe/Moscow")
    assert (days.first, days.last, days.problem) == (first, last, "")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"from": "2026-01-09", "to": "2026-01-05"}, "backwards"),
        ({"from": "09.01.2026"}, "unreadable"),
        ({"from": "2023-01-01", "to": "2026-01-01"}, "too_long"),
        ({"from": "1998-01-01", "to": "1998-01-02"}, "too_long"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "too_long"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_default_shown(asked, problem):
    days = read_range(asked, NOW, "Europe/Moscow")
    assert (days.first, days.last, days.problem) == (date(2026, 2, 2), date(2026, 3, 1), problem)


def test_a_range_goes_on_in_links_as_it_was_asked_for():
    assert Range(date(2026, 1, 5), date(2026, 1, 9), "").query == {"from": "2026-01-05", "to": "2026-01-09"}
    assert Range(date(2026, 1, 5), date(2026, 1, 9), "week").query == {"range": "week"}
