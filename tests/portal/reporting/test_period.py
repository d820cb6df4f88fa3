"""A venue's days in UTC, on the days on which clocks change too."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.core.errors import PortalError
from portal.reporting.period import local_date, period


@pytest.mark.parametrize(
    ("day", "zone", "start", "hours"),
    [
        (date(2026, 11, 22), "Europe/Moscow", datetime(2026, 11, 21, 21, tzinfo=UTC), 24),
        (date(2026, 11, 22), "Asia/Yekaterinburg", datetime(2026, 11, 21, 19, tzinfo=UTC), 24),
        (date(2014, 10, 26), "Europe/Moscow", datetime(2014, 10, 25, 20, tzinfo=UTC), 25),  # Russia's last change
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), "Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
        (date(2026, 10, 4), "Australia/Lord_Howe", datetime(2026, 10, 3, 13, 30, tzinfo=UTC), 23.5),  # half an hour
        (date(2018, 11, 4), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC), 23),  # its midnight was skipped
        (date(2025, 11, 2), "America/Havana", datetime(2025, 11, 2, 4, tzinfo=UTC), 25),  # its midnight came twice
    ],
)
def test_a_day_begins_at_its_own_midnight(day: date, zone: str, start: datetime, hours: float) -> None:
    found = period(day, day, zone)
    assert found.start == start
    assert found.end - found.start == timedelta(hours=hours)


def test_neighbouring_days_touch_and_never_overlap() -> None:
    for offset in range(365):
        day = date(2026, 1, 1) + timedelta(days=offset)
        assert period(day, day, "Europe/Berlin").end == period(day + timedelta(1), day + timedelta(1), "Europe/Berlin").start


@pytest.mark.parametrize(
    ("first", "last"),
    [(date(2026, 2, 1), date(2026, 1, 31)), (date(1, 1, 1), date(2026, 1, 1)), (date(2026, 1, 1), date.max)],
)
def test_a_period_that_is_none_is_refused(first: date, last: date) -> None:
    with pytest.raises(PortalError, match="bad_period"):
        period(first, last, "Europe/Moscow")


def test_the_venues_date_of_a_moment() -> None:
    moment = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
    assert local_date(moment, "Europe/Moscow") == date(2026, 11, 21)
    assert local_date(moment, "Asia/Yekaterinburg") == date(2026, 11, 22)
