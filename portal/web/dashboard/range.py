"""The days that a report is asked for: a preset or two dates, in the venue's time zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.reporting.period import local_date

DEFAULT = "four_weeks"
LONGEST = timedelta(days=731)

_PRESETS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today),
    "week": lambda today: (today - timedelta(days=6), today),
    "four_weeks": lambda today: (today - timedelta(days=27), today),
    "quarter": lambda today: (today - timedelta(days=89), today),
    "month": lambda today: (today.replace(day=1), today),
    "last_month": lambda today: (_month_before(today), today.replace(day=1) - timedelta(days=1)),
}


@dataclass(frozen=True, slots=True)
class Range:
    """Days `first` to `last`. `preset` is empty for typed dates; `problem` says why typed dates were not taken."""

    first: date
    last: date
    preset: str
    problem: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The same range in a link."""
        return {"range": self.preset} if self.preset else {"from": self.first.isoformat(), "to": self.last.isoformat()}


def read_range(asked: Mapping[str, str], now: datetime, timezone: str) -> Range:
    """Read a query. What cannot be read gives the default with a `problem`: `unreadable`, `backwards`, `too_long`."""
    today = local_date(now, timezone)
    default = Range(*_PRESETS[DEFAULT](today), DEFAULT)
    if asked.get("range") in _PRESETS:
        return Range(*_PRESETS[asked["range"]](today), asked["range"])
    if not (asked.get("from") or asked.get("to")):
        return default
    try:
        first = date.fromisoformat(asked.get("from", "") or asked["to"])
        last = date.fromisoformat(asked.get("to", "") or today.isoformat())
    except ValueError:
        return Range(default.first, default.last, DEFAULT, "unreadable")
    problem = (
        "backwards" if first > last else "too_long" if last - first > LONGEST or first.year < 2000 or last.year > 2198 else ""
    )
    return Range(default.first, default.last, DEFAULT, problem) if problem else Range(first, last, "")


def _month_before(today: date) -> date:
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
