"""Stretches of time as a table that the visits are joined with: each is one short walk along the index.

So SQL knows nothing of time zones: a venue's days come in as moments, made in one place (`period`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, column, select, text, true

from portal.acquisition.models import Visit
from portal.core.db import BigId, UtcDateTime


@dataclass(frozen=True, slots=True)
class Bucket:
    """`start` ≤ arrival < `end` at a venue; what is counted there goes under `number`."""

    number: int
    venue_id: int
    start: datetime
    end: datetime


# One parameter whatever their number, so that a statement is compiled once.
_TABLES = {
    "sqlite": "SELECT value ->> 0 AS number, value ->> 1 AS venue_id, value ->> 2 AS starts_at, value ->> 3 AS ends_at "
    "FROM json_each(:buckets)",
    "postgresql": "SELECT (value ->> 0)::bigint AS number, (value ->> 1)::bigint AS venue_id, "
    "(value ->> 2)::timestamptz AS starts_at, (value ->> 3)::timestamptz AS ends_at "
    "FROM jsonb_array_elements(CAST(:buckets AS jsonb))",
}
_COLUMNS = (("number", BigId), ("venue_id", BigId), ("starts_at", UtcDateTime), ("ends_at", UtcDateTime))
_FORMATS = {"sqlite": "%Y-%m-%d %H:%M:%S.%f", "postgresql": "%Y-%m-%d %H:%M:%S.%f+00:00"}  # as each stores or reads a time


def table(dialect: str) -> Any:
    """The parameter `buckets` as a common table expression with the columns number, venue_id, starts_at, ends_at."""
    return text(_TABLES[dialect]).columns(*(column(name, kind) for name, kind in _COLUMNS)).cte("bucket")


def facts(dialect: str, buckets: Sequence[Bucket]) -> dict[str, str]:
    """The value of that parameter."""
    how = _FORMATS[dialect]

    def said(moment: datetime) -> str:
        return moment.astimezone(UTC).strftime(how)

    return {"buckets": json.dumps([(one.number, one.venue_id, said(one.start), said(one.end)) for one in buckets])}


def visits_in(dialect: str, bucket: Any, columns: Sequence[str]) -> tuple[Any, Any]:
    """What to select from, and the columns of the visits in the buckets."""
    visit = cast(Table, Visit.__table__)
    inside = (
        visit.c.venue_id == bucket.c.venue_id,
        visit.c.arrived_at >= bucket.c.starts_at,
        visit.c.arrived_at < bucket.c.ends_at,
    )
    return walked(dialect, bucket, visit, and_(*inside), columns)


def walked(dialect: str, ranges: Any, table: Table, inside: ColumnElement[bool], columns: Sequence[str]) -> tuple[Any, Any]:
    """`ranges` joined with the rows of a table that lie in them, by its index, range after range.

    PostgreSQL cannot guess how few lie between two bounds of a join, and would read the whole table; behind OFFSET it does
    as it is told. SQLite does so anyway.
    """
    if dialect == "sqlite":
        return ranges.join(table, inside), table.c
    rows = select(*(table.c[name] for name in columns)).where(inside).offset(0).lateral(table.name)
    return ranges.join(rows, true()), rows.c
