"""The invented past keeps a café's hours, in the venue's own time."""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

from portal.acquisition.models import Source
from portal.reporting.demo_history import Past
from portal.venues.models import Venue
from tests.support.house import NOW

VENUE = Venue(id=1, organization_id=1, code="demo", timezone="Asia/Yekaterinburg", language="ru")
WIFI = Source(id=1, kind="wifi", label="Wi-Fi", utm_source="wifi", utm_medium="wifi")


def test_lunch_and_evening_are_full_and_the_night_is_empty() -> None:
    rows = list(Past(VENUE, [WIFI], "", 1).rows(60, NOW))
    hours = Counter(row["arrived_at"].astimezone(ZoneInfo("Asia/Yekaterinburg")).hour for row in rows)
    assert hours[13] > 1.4 * hours[16] and hours[19] > 1.4 * hours[16]
    assert not any(hours[hour] for hour in range(1, 7))


def test_friday_and_saturday_are_the_fullest_days() -> None:
    rows = list(Past(VENUE, [WIFI], "", 1).rows(84, NOW))
    days = Counter(row["arrived_at"].astimezone(ZoneInfo("Asia/Yekaterinburg")).weekday() for row in rows)
    assert min(days[4], days[5]) > max(days[day] for day in (0, 1, 2, 3, 6))


def test_a_short_history_holds_the_trial_too() -> None:
    trial = Source(id=2, kind="custom", label="проба", utm_source="x", utm_medium="qr")
    rows = [row for row in Past(VENUE, [trial], "проба", 1).rows(1, NOW + timedelta(hours=8)) if row["source_id"] == 2]
    assert len(rows) == 12
    assert sum(row["verified_at"] is not None for row in rows) == 6
