"""The days that a report is asked for: a preset or two dates, in the venue's time zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.reporting.period import local_date

DEFAULT = "four_weeks"
LONGEST = timedelta(days=731)
_EARLIEST_YEAR = 2000

_PRESETS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today),
    "week": lambda today: (today - timedelta(days=6), today),
    "four_weeks": lambda today: (today - timedelta(days=27), today),
    "thirty": lambda today: (today - timedelta(days=29), today),
    "month": lambda today: (today.replace(day=1), today),
    "last_month": lambda today: (_month_before(today), today.replace(day=1) - timedelta(days=1)),
    "quarter": lambda today: (today - timedelta(days=89), today),
    "year": lambda today: (today.replace(month=1, day=1), today),
    "twelve_months": lambda today: (today - timedelta(days=364), today),
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

    def shifted(self, steps: int, today: date) -> "Range | None":
        """The range before (-1) or after (1) this one: months by months, others by their length; None ahead of today."""
        if self._is_month:
            first = _month_before(self.first) if steps < 0 else _month_after(self.first)
            last = _month_after(first) - timedelta(days=1)
        else:
            length = (self.last - self.first + timedelta(days=1)) * steps
            first, last = self.first + length, self.last + length
        return None if first > today or first.year < _EARLIEST_YEAR else Range(first, min(last, today), "")

    @property
    def _is_month(self) -> bool:
        return self.preset == "month" or (self.first.day == 1 and self.last == _month_after(self.first) - timedelta(days=1))


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
    outside = last - first > LONGEST or first.year < _EARLIEST_YEAR or last.year > 2198
    problem = "backwards" if first > last else "too_long" if outside else ""
    return Range(default.first, default.last, DEFAULT, problem) if problem else Range(first, last, "")


def _month_before(today: date) -> date:
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
