"""Cells out of the sums."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Date, Select, String, Table, and_, bindparam, column, func, select, text
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from portal.core.db import BigId
from portal.reporting.buckets import walked
from portal.reporting.cells import Cell, TimeCell
from portal.reporting.cohort import STEPS
from portal.reporting.models import TimeRollup, VisitRollup


@dataclass(frozen=True, slots=True)
class Part:
    """Sums of a venue, of days or of months, from `first` to `last` (of months their first days), to go under `number`."""

    number: int
    venue_id: int
    grain: str
    first: date
    last: date


_TABLES = {
    "sqlite": "SELECT value ->> 0 AS number, value ->> 1 AS venue_id, value ->> 2 AS grain, value ->> 3 AS first, "
    "value ->> 4 AS last FROM json_each(:parts)",
    "postgresql": "SELECT (value ->> 0)::bigint AS number, (value ->> 1)::bigint AS venue_id, value ->> 2 AS grain, "
    "(value ->> 3)::date AS first, (value ->> 4)::date AS last FROM jsonb_array_elements(CAST(:parts AS jsonb))",
}
_COLUMNS = (("number", BigId), ("venue_id", BigId), ("grain", String), ("first", Date), ("last", Date))


def visits(session: Session, parts: Sequence[Part], window: str, attribution: str) -> list[Cell]:
    """Sums of visits, added up per number, source and class."""
    if not parts:
        return []
    query = _visits(session.get_bind().dialect.name, window)
    rows = session.execute(query, {**_facts(parts), "attribution": attribution}).all()
    return [Cell.of_row(row) for row in rows]


def times(session: Session, parts: Sequence[Part], attribution: str) -> list[TimeCell]:
    """Sums of times, added up per number, source, class, step and bin."""
    if not parts:
        return []
    query = _times(session.get_bind().dialect.name)
    return [TimeCell(*row) for row in session.execute(query, {**_facts(parts), "attribution": attribution})]


@lru_cache(maxsize=16)
def _visits(dialect: str, window: str) -> Select[Any]:
    steps = (f"{step}_{window}" for step in STEPS)
    keys, sums = ("source_id", "visitor_class"), ("visits", "synthetic", "sms_kopecks", *steps)
    return _added_up(dialect, cast(Table, VisitRollup.__table__), keys, sums)


@lru_cache(maxsize=4)
def _times(dialect: str) -> Select[Any]:
    return _added_up(dialect, cast(Table, TimeRollup.__table__), ("source_id", "visitor_class", "step", "bin"), ("visits",))


def _added_up(dialect: str, table: Table, keys: Sequence[str], sums: Sequence[str]) -> Select[Any]:
    part = text(_TABLES[dialect]).columns(*(column(name, kind) for name, kind in _COLUMNS)).cte("part")
    of_venue = and_(table.c.venue_id == part.c.venue_id, table.c.attribution == bindparam("attribution"))
    of_days = and_(table.c.grain == part.c.grain, table.c.first_day >= part.c.first, table.c.first_day <= part.c.last)
    rows, cells = walked(dialect, part, table, and_(of_venue, of_days), (*keys, *sums))
    kept = [part.c.number, *(cells[name] for name in keys)]
    return select(*kept, *(sql_cast(func.sum(cells[name]), BigId) for name in sums)).select_from(rows).group_by(*kept)


def _facts(parts: Sequence[Part]) -> dict[str, str]:
    rows = [(one.number, one.venue_id, one.grain, one.first.isoformat(), one.last.isoformat()) for one in parts]
    return {"parts": json.dumps(rows)}
