"""Where every report takes its cells from: the sums of what is settled, the visits themselves for the rest.

The two are added up as of one moment, so a report belongs inside `Database.snapshot()`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.reporting import cohort, stopwatch, sums
from portal.reporting.buckets import Bucket
from portal.reporting.cells import Cell, TimeCell
from portal.reporting.period import Period, midnight, month_after
from portal.reporting.question import Question
from portal.reporting.settled import Stretch, settled_of, stretches
from portal.reporting.sums import Part

_MICROSECOND, _DAY = timedelta(microseconds=1), timedelta(days=1)
# Times are summed up for the usual question alone: for every window and attribution they would outgrow the visits.
TIMES_WINDOW, TIMES_ATTRIBUTION, TIMES_GRAIN = "24h", "visit", "month"


@dataclass(frozen=True, slots=True)
class Asked:
    """Days of a venue whose cells go under `number`."""

    number: int
    venue_id: int
    period: Period


def read(session: Session, question: Question, asked: Sequence[Asked]) -> list[Cell]:
    """Cells of these days. The question says window, attribution and what else narrows the visits, not the days.

    A source and class may have several cells under one number.
    """
    only = narrowed(question)
    parts, buckets = _taken(session, asked, ("day", "month") if not only else ())
    summed = sums.visits(session, parts, question.window, question.attribution)
    return summed + cohort.count(session, buckets, question.window, question.attribution, only)


def read_by_age(session: Session, question: Question, asked: Sequence[Asked], now: datetime) -> tuple[list[Cell], list[Cell]]:
    """The same, and apart those of the visits that are younger than the window: they may still convert."""
    only, since = narrowed(question), now - question.span
    parts, buckets = _taken(session, asked, ("day", "month") if not only else ())
    how = (question.window, question.attribution, only)
    cells, young = cohort.count_by_age(session, buckets, *how, since)
    young_in_sums = cohort.count(session, _younger(asked, parts, since), *how)
    return sums.visits(session, parts, question.window, question.attribution) + cells, young + young_in_sums


def read_times(session: Session, question: Question, asked: Sequence[Asked]) -> list[TimeCell]:
    """The times between the steps of the same visits."""
    only = narrowed(question)
    usual = not only and (question.window, question.attribution) == (TIMES_WINDOW, TIMES_ATTRIBUTION)
    parts, buckets = _taken(session, asked, (TIMES_GRAIN,) if usual else ())
    summed = sums.times(session, parts, question.attribution)
    return summed + stopwatch.count(session, buckets, question.window, question.attribution, only)


def narrowed(question: Question) -> dict[str, str]:
    """What only the visits themselves can tell: columns and the values that they must have."""
    wanted = {"language": question.language, "device_family": question.device}
    return {name: value for name, value in wanted.items() if value}


def _taken(session: Session, asked: Sequence[Asked], grains: Sequence[str]) -> tuple[list[Part], list[Bucket]]:
    """What comes from sums of these grains, and what from the visits."""
    settled = settled_of(session, (one.venue_id for one in asked)) if grains else {}
    parts, buckets = [], []
    for one in asked:
        for stretch in stretches(one.period, settled.get(one.venue_id)):
            if stretch.kind in grains:
                parts.append(Part(one.number, one.venue_id, stretch.kind, stretch.first, stretch.last))
            else:
                buckets.append(_bucket(one, stretch))
    return parts, buckets


def _bucket(one: Asked, stretch: Stretch) -> Bucket:
    zone = one.period.zone
    return Bucket(one.number, one.venue_id, midnight(stretch.first, zone), midnight(stretch.last + _DAY, zone))


def _younger(asked: Sequence[Asked], parts: Sequence[Part], since: datetime) -> list[Bucket]:
    """What of the sums' days came after a moment: the end of yesterday, and more with a window of a week."""
    zones = {one.number: one.period.zone for one in asked}
    found = []
    for part in parts:
        last = month_after(part.last) - _DAY if part.grain == "month" else part.last
        start = max(midnight(part.first, zones[part.number]), since + _MICROSECOND)
        found.append(Bucket(part.number, part.venue_id, start, midnight(last + _DAY, zones[part.number])))
    return [bucket for bucket in found if bucket.start < bucket.end]
