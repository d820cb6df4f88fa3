"""What a table is made of, and the columns that several of them share."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.core.i18n import translations
from portal.reporting.exports import Cell, Column
from portal.reporting.question import Question
from portal.reporting.steps import Step
from portal.reporting.words import STEPS
from portal.venues.models import Venue


@dataclass(frozen=True)
class Wanted:
    """`venues` are those in sight, for the table that compares them; `language` is that of the headings."""

    session: Session
    question: Question
    venues: Sequence[Venue]
    language: str
    now: datetime
    grain: str = "day"

    @property
    def say(self) -> Callable[[str], str]:
        """gettext of the language."""
        return translations(self.language).gettext

    @property
    def zone(self) -> str:
        """The venue's."""
        return self.question.venue.timezone


def step_columns(_: Callable[[str], str], names: Iterable[str]) -> Iterator[Column]:
    """Of the first step its count; of the others count, both shares, and the ends of the interval."""
    # Said apart from the f-string: what a call inside one says is not collected into the catalogue.
    ends = (_("share of visits"), _("share of the previous step"), _("of visits, low end"), _("of visits, high end"))
    for name in names:
        said = _(STEPS[name])
        yield Column(said, "whole")
        if name != "seen":
            yield from (Column(f"{said}: {end}", "share") for end in ends)


def step_cells(steps: Iterable[Step]) -> Iterator[Cell]:
    """What stands under `step_columns`."""
    for step in steps:
        yield step.count
        if step.name != "seen":
            interval = step.interval
            yield from (step.of_start, step.of_previous, *((interval.low, interval.high) if interval else (None, None)))


def source_columns(_: Callable[[str], str]) -> tuple[Column, ...]:
    """Which channel."""
    return Column(_("Source")), Column(_("Code")), Column(_("Kind"))


def source_cells(source: Source | None, _: Callable[[str], str]) -> tuple[Cell, ...]:
    """The same of one; None is "other"."""
    return (source.label, source.code, source.kind) if source else (_("Other"), "other", None)
