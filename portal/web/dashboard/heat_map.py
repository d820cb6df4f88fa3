"""Hours of the week as a table whose cells are shaded: the numbers are the picture."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil

from babel.dates import get_day_names
from flask_babel import format_date, get_locale
from sqlalchemy.orm import Session

from portal.reporting.heat import heat
from portal.reporting.question import Question

MOST_DAYS = 92  # hours are counted from the visits themselves
LEVELS = 5


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Visits of an hour of the week, and how dark that is: 0 for none, LEVELS for the most."""

    visits: int
    level: int


@dataclass(frozen=True, slots=True)
class HeatDay:
    """A weekday by its short name."""

    name: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Monday first. `dates` says which days are counted where they are not all that were asked for."""

    rows: tuple[HeatDay, ...]
    most: int
    dates: str


def heat_map(session: Session, question: Question, now: datetime) -> HeatMap:
    """The question's guests; of a long range its last MOST_DAYS days."""
    first = max(question.first, question.last - timedelta(days=MOST_DAYS - 1))
    counted = heat(session, replace(question, first=first), now=now).visits
    most = max(max(hours) for hours in counted)
    names = get_day_names("abbreviated", locale=get_locale())
    rows = tuple(
        HeatDay(names[number], tuple(HeatCell(visits, ceil(LEVELS * visits / most) if most else 0) for visits in hours))
        for number, hours in enumerate(counted)
    )
    return HeatMap(rows, most, "" if first == question.first else _dates(first, question.last))


def _dates(first: date, last: date) -> str:
    return f"{format_date(first, 'long')} – {format_date(last, 'long')}"
