"""The time graph in words and numbers: buckets of the series become data that the picture and its table share."""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_skeleton
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.reporting.models import Annotation
from portal.reporting.series import Bucket
from portal.reporting.steps import Step
from portal.web.dashboard.charts import Datum, Graph, graph
from portal.web.dashboard.words import between, percent, whole

_SHARE = "rate"
_STEP_OF = {"visits": "seen", _SHARE: "verified"}


def step_of(metric: str) -> str:
    """The step of the funnel that a metric counts."""
    return _STEP_OF.get(metric, metric)


def time_graph(buckets: Sequence[Bucket], before: Sequence[Bucket], metric: str, notes: Sequence[Annotation]) -> Graph:
    """The metric by day, week or month; `before` are the buckets of the period before, in the same order."""
    older = [*before, *[None] * len(buckets)]
    data = [_datum(bucket, older[index], metric) for index, bucket in enumerate(buckets)]
    placed = [(_bucket_of(buckets, note.day), f"{day(note.day)}: {note.text}") for note in notes]
    return graph(data, [(index, text) for index, text in placed if index is not None], share=metric == _SHARE)


def day(at: date) -> str:
    """A day without its year, as the language writes it."""
    return str(format_skeleton("MMMd", at, locale=get_locale()))


def span(first: date, last: date) -> str:
    """Days of a bucket: one day, or from–to."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def _datum(bucket: Bucket, before: Bucket | None, metric: str) -> Datum:
    step = bucket.counts.step(step_of(metric))
    share = metric == _SHARE
    name, shown = span(bucket.first, bucket.last), _shown(step, share)
    then = before.counts.step(step_of(metric)) if before else None
    then_shown = _shown(then, share) if then else "–"
    said = [f"{name}: {shown}"]
    if before:
        said.append(_("before, %(days)s: %(shown)s", days=span(before.first, before.last), shown=then_shown))
    if bucket.immature:
        said.append(_("can still grow"))
    interval = step.interval if share else None
    return Datum(
        value=step.of_start if share else step.count,
        name=name,
        tick=day(bucket.first),
        shown=shown,
        said="; ".join(said),
        before=None if then is None else then.of_start if share else then.count,
        before_shown=then_shown,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        young=bucket.immature,
    )


def _shown(step: Step, share: bool) -> str:
    if not share:
        return whole(step.count)
    if step.interval is None:
        return "–"
    return f"{percent(step.of_start)} ({whole(step.count)}/{whole(step.start_n)}; {between(step.interval)})"


def _bucket_of(buckets: Sequence[Bucket], at: date) -> int | None:
    return next((index for index, bucket in enumerate(buckets) if bucket.first <= at <= bucket.last), None)
