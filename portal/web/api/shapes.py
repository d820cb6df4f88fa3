"""Reports as the API writes them."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.acquisition.models import Source
from portal.reporting import funnel, times
from portal.reporting.question import Question
from portal.reporting.statistics import wilson
from portal.reporting.steps import Step
from portal.venues.models import Venue
from portal.web.contract import answers


def share(k: int, n: int) -> answers.Share:
    """A share with its counts and its interval."""
    interval = wilson(k, n)
    low, high = (interval.low, interval.high) if interval else (None, None)
    return answers.Share(k=k, n=n, share=k / n if n else None, low=low, high=high)


def steps(of: Iterable[Step]) -> list[answers.Step]:
    """Steps of a funnel."""
    return [
        answers.Step(step=one.name, of_start=share(one.count, one.start_n), of_previous=share(one.count, one.previous_n))
        for one in of
    ]


def asked(question: Question) -> answers.Asked:
    """The question as it was understood."""
    return answers.Asked(
        venue=question.venue.code, timezone=question.venue.timezone, first=question.first, last=question.last,
        window=question.window, attribution=question.attribution, visitors=question.visitors, goal=question.goal,
    )  # fmt: skip


def source_name(source: Source | None) -> answers.SourceName | None:
    """Which channel; None is "other"."""
    return answers.SourceName(code=source.code, label=source.label, kind=source.kind) if source else None


def source(one: Source) -> answers.Source:
    """A channel with all that is known of it."""
    return answers.Source(**{name: getattr(one, name) for name in answers.Source.model_fields})


def venue(one: Venue) -> answers.Venue:
    """A venue."""
    return answers.Venue(**{name: getattr(one, name) for name in answers.Venue.model_fields})


def channels(report: funnel.ChannelReport, costs: Mapping[int, int]) -> answers.Channels:
    """`costs`: kopecks by source id."""
    return answers.Channels(
        asked=asked(report.question),
        channels=[_channel(row, costs) for row in report.rows],
        totals=steps(report.totals.steps),
        apart=answers.Apart(**{name: getattr(report.apart, name) for name in answers.Apart.model_fields}),
        unripe=report.unripe,
        synthetic=report.synthetic,
    )


def step_times(of: Iterable[times.StepTime]) -> list[answers.StepTime]:
    """Times with their distribution."""
    return [
        answers.StepTime(
            step=one.step, n=one.n, median_s=one.median_s, p90_s=one.p90_s,
            bins=[answers.Bin(from_s=low, to_s=high, n=n) for low, high, n in one.bins],
        )
        for one in of
    ]  # fmt: skip


def _channel(row: funnel.ChannelRow, costs: Mapping[int, int]) -> answers.Channel:
    return answers.Channel(
        source=source_name(row.source), unripe=row.unripe, steps=steps(row.steps),
        cost_kopecks=costs.get(row.source_id or 0, 0), sms_kopecks=row.sms_kopecks, judged=_judged(row.judged),
    )  # fmt: skip


def _judged(one: Any) -> answers.Judgement:
    gap = one.difference
    return answers.Judgement(
        goal=share(one.converted, one.visits), few=one.few, rank=one.rank, leader=one.leader, p_adjusted=one.p_adjusted,
        p_best=one.p_best, more_visits=one.more_visits,
        difference=answers.Difference(value=gap.value, low=gap.low, high=gap.high) if gap else None,
    )  # fmt: skip
