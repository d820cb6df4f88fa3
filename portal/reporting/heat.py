"""When guests come: visits and conversions by weekday and hour of the venue's clock, from the visits themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import FunctionElement

from portal.core.db import BigId
from portal.reporting import buckets as bucket_table
from portal.reporting import cohort, ledger
from portal.reporting.buckets import Bucket
from portal.reporting.placements import placements_of
from portal.reporting.question import Question

_QUARTER = 900  # seconds; the clocks of all zones stand a whole number of quarters off UTC
Grid = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """Counts as rows of Monday to Sunday, each of 24 hours. `verified` of the same visits, within the window."""

    visits: Grid
    verified: Grid


def heat(session: Session, question: Question, *, now: datetime) -> Heat:
    """The question's guests by the hour in which they arrived. Raises PortalError `bad_period`."""
    placements = placements_of(session, question.venue.id)
    shown, zone = placements.wanted(question), ZoneInfo(question.venue.timezone)
    grids = [[[0] * 24 for _ in range(7)] for _ in range(2)]
    for quarter, source_id, visits, verified in _quarters(session, question):
        if placements.row_of(source_id) in shown:
            local = datetime.fromtimestamp(quarter * _QUARTER, UTC).astimezone(zone)
            grids[0][local.weekday()][local.hour] += visits
            grids[1][local.weekday()][local.hour] += verified
    return Heat(*(tuple(tuple(hours) for hours in grid) for grid in grids))


def _quarters(session: Session, question: Question) -> Any:
    dialect, only, days = session.get_bind().dialect.name, ledger.narrowed(question), question.period
    visit = cohort.chosen(dialect, (question.window,), question.attribution, tuple(only)).c
    quarter = Quarter(visit.arrived_at)
    verified = func.count().filter(cohort.reached(visit, question.window)["verified"])
    guests: ColumnElement[bool] = and_(visit.visitor_class.in_(question.classes))
    query = select(quarter, visit.source_id, func.count(), verified).where(guests).group_by(quarter, visit.source_id)
    facts = bucket_table.facts(dialect, [Bucket(0, question.venue.id, days.start, days.end)])
    return session.execute(query, {**facts, **only})


class Quarter(FunctionElement[int]):
    """The number of a moment's quarter of an hour since 1970."""

    type = BigId
    inherit_cache = True
    name = "quarter"


@compiles(Quarter, "postgresql")
def _postgresql(element: Quarter, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)}) / {_QUARTER}) AS bigint)"


@compiles(Quarter, "sqlite")
def _sqlite(element: Quarter, compiler: Any, **kw: Any) -> str:
    return f"(CAST(strftime('%s', substr({compiler.process(element.clauses, **kw)}, 1, 19)) AS INTEGER) / {_QUARTER})"
