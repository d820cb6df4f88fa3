"""Which sums of a venue stand at this moment, and how a range of days is put together from them and from the visits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.reporting.grains import DAY, LARGER, MONTH, PREFIXES_KEPT, hours_before, prefix, prefixes_of
from portal.reporting.models import LAYOUT, RollupMark, RollupState
from portal.reporting.period import Period, local_date


@dataclass(frozen=True, slots=True)
class Settled:
    """Days before `until` are in the sums, by the clock of `zone`, and of that day its first `hours_of_last`.

    Of a day that is `marked` something changed in the hour that stands there, or later. `layout` is that of the builder.
    """

    zone: str
    until: date
    hours_of_last: int
    marked: Mapping[date, int]
    layout: int = LAYOUT

    def has(self, day: date) -> bool:
        """Whether the sums of a day may be used."""
        return day < self.until and day not in self.marked

    def has_all(self, first: date, after: date) -> bool:
        """Whether the sums of a stretch of days may be used."""
        return after <= self.until and not any(first <= day < after for day in self.marked)

    def hours(self, day: date) -> int:
        """How many hours from its midnight on may be taken from the sums: 0 for days that are too old or not there yet."""
        if self.layout != LAYOUT or not self.until - PREFIXES_KEPT <= day <= self.until:
            return 0
        stand = self.hours_of_last if day == self.until else prefixes_of(day, self.zone)
        return min(stand, self.marked.get(day, stand))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring days from sums of one grain, or if it is empty from the visits. Larger grains by their first days."""

    grain: str
    first: date
    last: date
    hours: int = 0  # of each day, where the grain is a prefix: the rest of the day is in no sum


def settled_of(session: Session, venue_ids: Iterable[int]) -> dict[int, Settled]:
    """What stands in the sums, by venue."""
    columns = (RollupState.venue_id, RollupState.zone, RollupState.closed_until, RollupState.layout, RollupMark.arrived_at)
    query = select(*columns).outerjoin(RollupMark, RollupMark.venue_id == RollupState.venue_id)
    lines: dict[int, tuple[str, datetime, int]] = {}
    marked: dict[int, dict[date, int]] = {}
    for venue_id, zone, closed_until, layout, changed in session.execute(
        query.where(RollupState.venue_id.in_(sorted(set(venue_ids))))
    ):
        lines[venue_id] = (zone, closed_until, layout)
        hours = marked.setdefault(venue_id, {})
        if changed:
            day, hour = local_date(changed, zone), hours_before(changed, zone)
            hours[day] = min(hours.get(day, hour), hour)
    return {
        venue_id: Settled(zone, local_date(until, zone), hours_before(until, zone), marked[venue_id], layout)
        for venue_id, (zone, until, layout) in lines.items()
    }


def stretches(days: Period, settled: Settled | None) -> Iterator[Stretch]:
    """A period cut up. Sums whose days are another zone's are of no use."""
    if settled is None or settled.zone != days.zone:
        yield Stretch("", days.first, days.last)
        return
    for (grain, hours), group in groupby(_pieces(days, settled), key=lambda piece: piece[:2]):
        pieces = list(group)
        yield Stretch(grain, pieces[0][2], pieces[-1][2], hours)


def _pieces(days: Period, settled: Settled) -> Iterator[tuple[str, int, date]]:
    larger = LARGER if settled.layout == LAYOUT else (MONTH,)  # an earlier builder made no others
    first = days.first
    while first <= days.last:
        for grain in larger if first.day % 10 == 1 else ():  # no other day begins any
            after = grain.after(first)
            if grain.begins(first) == first and after <= days.last + DAY and settled.has_all(first, after):
                yield grain.name, 0, first
                break
        else:
            after, hours = first + DAY, settled.hours(first)
            if settled.has(first):
                yield "day", 0, first
            else:
                yield (prefix(hours) if hours else ""), hours, first
        first = after
