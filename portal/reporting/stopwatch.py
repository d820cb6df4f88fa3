"""Times between steps, counted from the visits in bins."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from portal.reporting import buckets as bucket_table
from portal.reporting import cohort
from portal.reporting.bins import bin_in_sql
from portal.reporting.buckets import Bucket
from portal.reporting.cells import TimeCell
from portal.reporting.elapsed import elapsed

# Name of a time: from which moment to which. "whole" is the time of the guest, from arrival to the right code.
SPANS = {
    "phone": ("arrived", "phone"),
    "code_sent": ("phone", "code_sent"),
    "code_delivered": ("phone", "code_delivered"),
    "verified": ("phone", "verified"),
    "card_saved": ("card", "card_saved"),
    "online": ("verified", "online"),
    "whole": ("arrived", "verified"),
}


def count(
    session: Session, buckets: Sequence[Bucket], window: str, attribution: str, only: Mapping[str, str] | None = None
) -> list[TimeCell]:
    """Count the visits of each bucket by step and bin, in one query."""
    if not buckets:
        return []
    dialect, only = session.get_bind().dialect.name, only or {}
    query = statement(dialect, window, attribution, tuple(only))
    return [TimeCell(*row) for row in session.execute(query, {**bucket_table.facts(dialect, buckets), **only})]


@lru_cache(maxsize=64)
def statement(dialect: str, window: str, attribution: str, only: tuple[str, ...] = ()) -> CompoundSelect[Any]:
    """Columns: number, source_id, visitor_class, step, bin, visits."""
    visits = cohort.chosen(dialect, (window,), attribution, only)
    counted = cohort.reached(visits.c, window)
    return union_all(*(_binned(visits, name, since, until, counted[until]) for name, (since, until) in SPANS.items()))


def _binned(visits: Any, name: str, since: str, until: str, counts: Any) -> Select[Any]:
    """Bins of one time. The steps of a guest alone: who comes with a voucher takes none."""
    begin, end = visits.c[f"{since}_at"], visits.c[f"{until}_at"]
    keys = (visits.c.number, visits.c.source_id, visits.c.visitor_class)
    guests = visits.c.visitor_class.in_(("new", "returning"))
    timed = select(*keys, elapsed(begin, end).label("micros")).where(guests, counts, begin.is_not(None), end <= _until(visits))
    inner = timed.cte(f"took_{name}").prefix_with("MATERIALIZED")
    binned = select(inner.c.number, inner.c.source_id, inner.c.visitor_class, bin_in_sql(inner.c.micros).label("bin")).subquery()
    kept = (binned.c.number, binned.c.source_id, binned.c.visitor_class)
    return select(*kept, literal(name).label("step"), binned.c.bin, func.count()).group_by(*kept, binned.c.bin)


def _until(visits: Any) -> Any:
    return next(column for column in visits.c if column.name.startswith("until_"))
