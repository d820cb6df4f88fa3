"""Which days of a venue stand in the sums at this moment, and how a range of days is put together from both kinds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.reporting.models import RollupMark, RollupState
from portal.reporting.period import Period, local_date, month_after, month_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Settled:
    """Days before `until` are in the sums, by the clock of `zone`, but those that are `marked`: something in them changed."""

    zone: str
    until: date
    marked: frozenset[date]

    def has(self, day: date) -> bool:
        """Whether the sums of a day may be used."""
        return day < self.until and day not in self.marked

    def has_month(self, day: date) -> bool:
        """Whether the sums of the month that begins on a day may be used."""
        return month_after(day) <= self.until and not any(month_of(marked) == day for marked in self.marked)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring days of one kind: `day` and `month` from the sums, `open` from the visits. Months by their first days."""

    kind: str
    first: date
    last: date


def settled_of(session: Session, venue_ids: Iterable[int]) -> dict[int, Settled]:
    """What stands in the sums, by venue."""
    columns = (RollupState.venue_id, RollupState.zone, RollupState.closed_until, RollupMark.arrived_at)
    query = select(*columns).outerjoin(RollupMark, RollupMark.venue_id == RollupState.venue_id)
    lines: dict[int, tuple[str, date]] = {}
    marked: dict[int, set[date]] = {}
    for venue_id, zone, closed_until, changed in session.execute(query.where(RollupState.venue_id.in_(sorted(set(venue_ids))))):
        lines[venue_id] = (zone, local_date(closed_until, zone))
        marked.setdefault(venue_id, set()).update([local_date(changed, zone)] if changed else [])
    return {venue_id: Settled(*line, frozenset(marked[venue_id])) for venue_id, line in lines.items()}


def stretches(days: Period, settled: Settled | None) -> Iterator[Stretch]:
    """A period cut up. Sums whose days are another zone's are of no use."""
    if settled is None or settled.zone != days.zone:
        yield Stretch("open", days.first, days.last)
        return
    for kind, group in groupby(_pieces(days, settled), key=lambda piece: piece[0]):
        pieces = list(group)
        yield Stretch(kind, pieces[0][1], pieces[-1][1])


def _pieces(days: Period, settled: Settled) -> Iterator[tuple[str, date]]:
    first = days.first
    while first <= days.last:
        after = min(month_after(first), days.last + _DAY)
        if first.day == 1 and after == month_after(first) and settled.has_month(first):
            yield "month", first
        else:
            yield from (("day" if settled.has(day) else "open", day) for day in _each(first, after))
        first = after


def _each(first: date, after: date) -> Sequence[date]:
    return [first + _DAY * number for number in range((after - first).days)]
