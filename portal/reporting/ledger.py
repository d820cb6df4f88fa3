"""Where every report takes its cells from: the sums of what is settled, the visits themselves for the rest.

The two are added up as of one moment, so a report belongs inside `Database.snapshot()`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.reporting import cohort, stopwatch, sums, youth
from portal.reporting.buckets import Bucket
from portal.reporting.cells import Cell, TimeCell
from portal.reporting.grains import DAY, HOUR, LARGER, PREFIXES, last_day
from portal.reporting.period import Period, midnight
from portal.reporting.question import Question
from portal.reporting.settled import Settled, Stretch, settled_of, stretches
from portal.reporting.sums import Part

_COUNTED = ("day", *(grain.name for grain in LARGER), *PREFIXES)
# Times are summed up for the usual question alone: for every window and attribution they would outgrow the visits.
TIMES_WINDOW, TIMES_ATTRIBUTION, TIMES_GRAIN = "24h", "visit", "month"


@dataclass(frozen=True, slots=True)
class Asked:
    """Days of a venue whose cells go under `number`."""

    number: int
    venue_id: int
    period: Period


@dataclass(frozen=True, slots=True)
class _Taken:
    parts: list[Part]
    buckets: list[Bucket]
    settled: dict[int, Settled]


def read(session: Session, question: Question, asked: Sequence[Asked]) -> list[Cell]:
    """Cells of these days. The question says window, attribution and what else narrows the visits, not the days.

    A source and class may have several cells under one number.
    """
    only = narrowed(question)
    taken = _taken(session, asked, _COUNTED if not only else ())
    summed = sums.visits(session, taken.parts, question.window, question.attribution)
    return summed + cohort.count(session, taken.buckets, question.window, question.attribution, only)


def read_by_age(session: Session, question: Question, asked: Sequence[Asked], now: datetime) -> tuple[list[Cell], list[Cell]]:
    """The same, and apart those of the visits that are younger than the window: they may still convert.

    A source and class may have several cells in either list, some of which take away what others hold too much.
    """
    only, since = narrowed(question), now - question.span
    taken = _taken(session, asked, _COUNTED if not only else ())
    young = youth.of_sums(taken.parts, {one.number: one.period.zone for one in asked}, taken.settled, since)
    parts = [*taken.parts, *young.parts]
    summed = young.sorted_out(sums.visits(session, parts, question.window, question.attribution))
    buckets = [*taken.buckets, *young.buckets]
    counted, late = cohort.count_by_age(session, buckets, question.window, question.attribution, only, since)
    visits = young.sorted_out(counted)
    return summed.all + visits.all, summed.young + visits.young + [cell for cell in late if cell.number < young.offset]


def read_times(session: Session, question: Question, asked: Sequence[Asked]) -> list[TimeCell]:
    """The times between the steps of the same visits."""
    only = narrowed(question)
    usual = not only and (question.window, question.attribution) == (TIMES_WINDOW, TIMES_ATTRIBUTION)
    taken = _taken(session, asked, (TIMES_GRAIN,) if usual else ())
    summed = sums.times(session, taken.parts, question.attribution)
    return summed + stopwatch.count(session, taken.buckets, question.window, question.attribution, only)


def narrowed(question: Question) -> dict[str, str]:
    """What only the visits themselves can tell: columns and the values that they must have."""
    wanted = {"language": question.language, "device_family": question.device}
    return {name: value for name, value in wanted.items() if value}


def _taken(session: Session, asked: Sequence[Asked], grains: Sequence[str]) -> _Taken:
    """What comes from sums of these grains, and what from the visits."""
    settled = settled_of(session, (one.venue_id for one in asked)) if grains else {}
    taken = _Taken([], [], settled)
    for one in asked:
        for stretch in stretches(one.period, settled.get(one.venue_id)):
            if stretch.grain in grains:
                taken.parts.append(Part(one.number, one.venue_id, stretch.grain, stretch.first, stretch.last))
                taken.buckets.extend(_rest(one, stretch))
            else:
                last = last_day(stretch.grain, stretch.last)
                taken.buckets.append(_bucket(one, midnight(stretch.first, one.period.zone), last))
    return taken


def _rest(one: Asked, stretch: Stretch) -> Iterator[Bucket]:
    """What of each day lies after the hours that are in the sums."""
    for number in range((stretch.last - stretch.first).days + 1 if stretch.hours else 0):
        day = stretch.first + number * DAY
        yield _bucket(one, midnight(day, one.period.zone) + stretch.hours * HOUR, day)


def _bucket(one: Asked, start: datetime, last: date) -> Bucket:
    return Bucket(one.number, one.venue_id, start, midnight(last + DAY, one.period.zone))
