"""How long each step takes: median, 90th percentile and distribution, for all and per channel.

A time counts when its step does: reached within the window from arrival, with those before it. Steps that were only
inferred (a code that must have come, because it was typed) have no time.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting import ledger
from portal.reporting.bins import quantile, seconds_of
from portal.reporting.ledger import Asked
from portal.reporting.models import OTHER
from portal.reporting.placements import placements_of
from portal.reporting.question import Question
from portal.reporting.stopwatch import SPANS


@dataclass(frozen=True, slots=True)
class StepTime:
    """The time of a step (a name of SPANS) in seconds; `bins`: (from, to, visits), without gaps between the first and last."""

    step: str
    n: int
    median_s: float | None
    p90_s: float | None
    bins: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class ChannelTimes:
    """Times of one source (None: other), in the order of SPANS."""

    source: Source | None
    steps: tuple[StepTime, ...]

    def step(self, name: str) -> StepTime:
        """The time of one step."""
        return next(step for step in self.steps if step.step == name)


@dataclass(frozen=True, slots=True)
class Times:
    """Times of all visits asked for, and of each channel that has any, the most first."""

    steps: tuple[StepTime, ...]
    channels: tuple[ChannelTimes, ...]

    def step(self, name: str) -> StepTime:
        """The time of one step."""
        return next(step for step in self.steps if step.step == name)


def times(session: Session, question: Question, *, now: datetime) -> Times:
    """Times of the question's guests. Raises PortalError `bad_period`."""
    placements = placements_of(session, question.venue.id)
    shown = placements.wanted(question)
    rows: dict[int, dict[str, Counter[int]]] = {}
    for cell in ledger.read_times(session, question, [Asked(0, question.venue.id, question.period)]):
        row = placements.row_of(cell.source_id)
        if cell.visitor_class in question.classes and row in shown:
            rows.setdefault(row, {name: Counter() for name in SPANS})[cell.step][cell.bin] += cell.visits
    whole = {name: sum((bins[name] for bins in rows.values()), Counter[int]()) for name in SPANS}
    order = sorted(rows, key=lambda row: (row == OTHER, -sum(rows[row]["phone"].values()), row))
    return Times(_steps(whole), tuple(ChannelTimes(placements.known.get(row), _steps(rows[row])) for row in order))


def _steps(bins: dict[str, Counter[int]]) -> tuple[StepTime, ...]:
    return tuple(
        StepTime(name, sum(bins[name].values()), quantile(bins[name], 0.5), quantile(bins[name], 0.9), _drawn(bins[name]))
        for name in SPANS
    )


def _drawn(bins: Counter[int]) -> tuple[tuple[float, float, int], ...]:
    numbers: Sequence[int] = range(min(bins), max(bins) + 1) if bins else ()
    return tuple((*seconds_of(number), bins[number]) for number in numbers)
