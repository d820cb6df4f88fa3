"""Of days that are taken from sums, the visits after a moment: whole sums, sums less the hours before it, and a few visits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from portal.reporting.buckets import Bucket
from portal.reporting.cells import Cell
from portal.reporting.grains import DAY, HOUR, PREFIXES, hours_before, last_day, prefix, prefixes_of
from portal.reporting.period import local_date, midnight
from portal.reporting.settled import Settled
from portal.reporting.sums import Part

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Sorted:
    """Cells of everything, and those of the young."""

    all: list[Cell] = field(default_factory=list)
    young: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Young:
    """What to read beside the rest: numbers from `offset` on are young, from twice `offset` on to be taken away from those."""

    offset: int
    parts: list[Part] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)

    def sorted_out(self, cells: Iterable[Cell]) -> Sorted:
        """Cells under their own numbers again."""
        found, less = Sorted(), 2 * self.offset
        for cell in cells:
            if cell.number < self.offset:
                found.all.append(cell)
            elif cell.number < less:
                found.young.append(cell._replace(number=cell.number - self.offset))
            else:
                found.young.append(cell._replace(number=cell.number - less).less())
        return found


def of_sums(parts: Sequence[Part], zones: Mapping[int, str], settled: Mapping[int, Settled], since: datetime) -> Young:
    """What of these parts arrived after `since`; `zones` by the parts' numbers, `settled` by their venues."""
    young = Young(1 + max(zones, default=0))
    for part in parts:
        for piece in _after(part, zones[part.number], settled[part.venue_id], since + _MICROSECOND, young.offset):
            if isinstance(piece, Bucket):
                young.buckets.append(piece)
            else:
                young.parts.append(piece)
    return young


def _after(part: Part, zone: str, settled: Settled, start: datetime, offset: int) -> Iterator[Part | Bucket]:
    last = last_day(part.grain, part.last)
    part = replace(part, number=part.number + offset)
    if start <= midnight(part.first, zone):
        yield part
        return
    day = local_date(start, zone)
    of_day = part.grain if part.grain in PREFIXES else "day"
    if day < last:
        yield replace(part, grain=of_day, first=day + DAY, last=last)
    if day <= last:
        yield from _within(replace(part, grain=of_day, first=day, last=day), zone, settled, start, offset)


def _within(part: Part, zone: str, settled: Settled, start: datetime, offset: int) -> Iterator[Part | Bucket]:
    """The end of one day, or of its first hours."""
    day, begun = part.first, hours_before(start, zone) + 1
    ends, most = _end(part, zone)
    at = midnight(day, zone) + begun * HOUR
    if begun <= min(most, settled.hours(day)):
        yield part
        yield replace(part, number=part.number + offset, grain=prefix(begun))
        ends = at
    if start < ends:
        yield Bucket(part.number, part.venue_id, start, ends)


def _end(part: Part, zone: str) -> tuple[datetime, int]:
    """When a part of one day ends, and how many prefixes are shorter than it."""
    day: date = part.first
    if part.grain in PREFIXES:
        hours = PREFIXES.index(part.grain) + 1
        return midnight(day, zone) + hours * HOUR, hours - 1
    return midnight(day + DAY, zone), prefixes_of(day, zone)
