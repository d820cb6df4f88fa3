"""Visits counted from their own rows: a line per bucket, source and class, a count per step and window.

A visit belongs to a bucket by its arrival; a step counts when it was reached within the window from that arrival. A step
needs those before it, so no share can pass 100 %.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, cast, func, or_, select
from sqlalchemy.orm import Session

from portal.core.db import BigId, UtcDateTime
from portal.reporting import buckets as bucket_table
from portal.reporting.buckets import Bucket, visits_in
from portal.reporting.cells import Cell
from portal.reporting.deadline import deadline
from portal.reporting.models import WINDOWS
from portal.reporting.steps import FUNNEL
from portal.reporting.visitors import owed_to, visitor_class, with_guests

STEPS = FUNNEL[1:]  # a row exists because the page was seen or submitted, so each is a start
_FACTS = ("source_id", "guest_id", "visitor_class", "bot_reason", "came_before", "synthetic", "sms_kopecks", "arrived_at")
_APART = ("voucher", "remembered")  # these go online without a code


def count(
    session: Session, buckets: Sequence[Bucket], window: str, attribution: str, only: Mapping[str, str] | None = None
) -> list[Cell]:
    """Count the visits of each bucket, in one query. `only` narrows them by columns of the visit."""
    if not buckets:
        return []
    dialect, only = session.get_bind().dialect.name, only or {}
    query = statement(dialect, (window,), attribution, tuple(only))
    rows = session.execute(query, {**bucket_table.facts(dialect, buckets), **only}).all()
    return [Cell.of_row(row) for row in rows]


def count_by_age(
    session: Session, buckets: Sequence[Bucket], window: str, attribution: str, only: Mapping[str, str], since: datetime
) -> tuple[list[Cell], list[Cell]]:
    """The same, and in a second list those of the visits that arrived after a moment."""
    if not buckets:
        return [], []
    dialect = session.get_bind().dialect.name
    query = statement(dialect, (window,), attribution, tuple(only), by_age=True)
    rows = session.execute(query, {**bucket_table.facts(dialect, buckets), **only, "since": since}).all()
    return [Cell.of_row(row[1:]) for row in rows], [Cell.of_row(row[1:]) for row in rows if row[0]]


@lru_cache(maxsize=64)
def statement(
    dialect: str, windows: tuple[str, ...], attribution: str, only: tuple[str, ...] = (), by_age: bool = False
) -> Select[Any]:
    """Columns: number, source_id, visitor_class, visits, synthetic, sms_kopecks, then for each window each of STEPS.

    `by_age` puts in front of them whether the visits arrived after `since`.
    """
    visit = chosen(dialect, windows, attribution, only).c
    keys = [visit.number, visit.source_id, visit.visitor_class]
    if by_age:
        keys.insert(0, (visit.arrived_at > bindparam("since", type_=UtcDateTime)).label("young"))
    sums = [func.count(), _count(visit.synthetic), cast(func.sum(visit.sms_kopecks), BigId)]
    steps = [_count(condition) for window in windows for condition in reached(visit, window).values()]
    return select(*keys, *sums, *steps).group_by(*keys)


def chosen(
    dialect: str, windows: tuple[str, ...], attribution: str, only: tuple[str, ...] = (), also: tuple[str, ...] = ()
) -> Any:
    """The visits of the buckets with bucket, source and class, and with their deadlines, each worked out once.

    `also` names further columns of the visit.
    """
    bucket = bucket_table.table(dialect)
    times = [f"{step}_at" for step in STEPS]
    visits, visit = visits_in(dialect, bucket, (*_FACTS, *times, *only, *also))
    until = [deadline(visit.arrived_at, timedelta(seconds=WINDOWS[window])).label(f"until_{window}") for window in windows]
    keys = (bucket.c.number, owed_to(visit, attribution).label("source_id"), visitor_class(visit).label("visitor_class"))
    kept = [visit[name] for name in ("synthetic", "sms_kopecks", "arrived_at", *times, *also)]
    query = select(*keys, *kept, *until).select_from(with_guests(visits, visit, attribution))
    query = query.where(*(visit[name] == bindparam(name) for name in only))
    return query.cte("visits").prefix_with("MATERIALIZED")


def reached(visit: Any, window: str) -> dict[str, ColumnElement[bool]]:
    """For each of STEPS whether a visit (a row of `chosen`) counts as having reached it."""

    def in_time(name: str) -> ColumnElement[bool]:
        return visit[f"{name}_at"] <= visit[f"until_{window}"]  # type: ignore[no-any-return]

    phone = in_time("phone")
    verified = and_(phone, in_time("verified"))
    delivered = and_(phone, or_(in_time("code_delivered"), in_time("verified")))
    card = and_(verified, in_time("card"))
    conditions = {
        "phone": phone,
        "code_sent": or_(and_(phone, in_time("code_sent")), delivered),
        "code_delivered": delivered,
        "verified": verified,
        "card": card,
        "card_saved": and_(card, in_time("card_saved")),
        "online": and_(or_(verified, visit.visitor_class.in_(_APART)), in_time("online")),
    }
    return {name: conditions[name] for name in STEPS}


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))
