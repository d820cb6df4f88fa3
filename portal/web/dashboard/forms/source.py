"""A placement, its costs, where it points, and a batch of numbered ones."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.acquisition import batch, costs
from portal.acquisition.costs import Price
from portal.acquisition.models import SOURCE_KINDS, Source
from portal.web.dashboard.forms.typed import text
from portal.web.dashboard.source_words import COST_KINDS
from portal.web.dashboard.words import KINDS

_LONG = _l("At most 120 characters.")
_ROUBLES = _l("From 0 to 100 million roubles.")
_PAID = _l("From 0.01 to 100 million roubles.")
_NUMBERS = _l("From 0 to 9999.")
_KINDS = [(kind, KINDS[kind]) for kind in SOURCE_KINDS]


class RoublesField(DecimalField):
    """Money as people type it: 1 250,50 as well as 1250.50."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it."""
        super().process_formdata(["".join(typed.replace(",", ".").split()) for typed in valuelist])


class SourceForm(FlaskForm):
    """Kind and label first; what UTM links say, how many were printed and the plan are optional."""

    kind = SelectField(_l("Kind"), [InputRequired()], choices=_KINDS)
    label = text(_l("Label"), 120, _LONG, _l("Give it a name that tells it from the others, such as “table 7”."))
    utm_source = text("utm_source", 120, _LONG)
    utm_medium = text("utm_medium", 120, _LONG)
    utm_campaign = text("utm_campaign", 120, _LONG)
    utm_content = text("utm_content", 120, _LONG)
    printed_count = IntegerField(
        _l("Copies printed"), [Optional(), NumberRange(0, 10_000_000, _l("From 0 to 10 million copies."))]
    )
    plan_roubles = RoublesField(
        _l("Planned cost of a month, ₽"), [Optional(), NumberRange(0, 100_000_000, _ROUBLES)], places=2, use_locale=False
    )
    plan_members = IntegerField(
        _l("Planned members of a month"), [Optional(), NumberRange(0, 10_000_000, _l("From 0 to 10 million members."))]
    )

    def details(self) -> dict[str, str | int]:
        """What `acquisition.sources` takes besides kind and label; an empty utm_source is left as it is."""
        texts = {name: self[name].data for name in ("utm_source", "utm_medium", "utm_campaign", "utm_content")}
        if not texts["utm_source"]:
            del texts["utm_source"]
        numbers = {name: self[name].data or 0 for name in ("printed_count", "plan_members")}
        return {**texts, **numbers, "plan_kopecks": _kopecks(self.plan_roubles.data)}


class CostForm(FlaskForm):
    """Money that was spent once, on pieces, or for a number of days."""

    kind = SelectField(_l("How it is paid"), [InputRequired()], choices=[(kind, COST_KINDS[kind]) for kind in costs.KINDS])
    roubles = RoublesField(
        _l("Roubles"),
        [InputRequired(_l("How many roubles?")), NumberRange(Decimal("0.01"), 100_000_000, _PAID)],
        places=2, use_locale=False,
    )  # fmt: skip
    pieces = IntegerField(_l("Pieces"), [Optional(), NumberRange(1, costs.MOST_PIECES, _l("From 1 to 10 million pieces."))])
    first_day = DateField(_l("Day, or the first one"), [InputRequired(_l("On which day?"))])
    last_day = DateField(_l("Last day"), [Optional()])
    note = text(_l("What for"), 120, _LONG)

    def price(self) -> Price:
        """The same as `acquisition.costs` takes it; what does not belong to the kind is left out. Raises PortalError."""
        kind, first = self.kind.data, self.first_day.data
        last: date = (self.last_day.data or first) if kind == "days" else first
        pieces = (self.pieces.data or 1) if kind == "pieces" else 1
        return Price(kind, _kopecks(self.roubles.data), first, last, pieces, self.note.data or "")


class BatchForm(FlaskForm):
    """Numbered placements: a pattern and the numbers."""

    kind = SelectField(_l("Kind"), [InputRequired()], choices=_KINDS, default="table_tent")
    pattern = text(_l("Names"), 110, _l("At most 110 characters."), _l("Write a name with {n} where the number goes."))
    first = IntegerField(
        _l("First number"), [InputRequired(_l("Which number is the first?")), NumberRange(0, batch.LARGEST, _NUMBERS)],
        default=1,
    )  # fmt: skip
    last = IntegerField(
        _l("Last number"), [InputRequired(_l("Which number is the last?")), NumberRange(0, batch.LARGEST, _NUMBERS)]
    )


class TargetForm(FlaskForm):
    """Another placement, by its code."""

    target = SelectField(_l("Other source"), [InputRequired()])

    def offer(self, others: Sequence[tuple[Source, str]]) -> Any:
        """Say which ones there are, with the name of their venue."""
        self.target.choices = [(source.code, f"{source.label} · {venue}") for source, venue in others]
        return self


def _kopecks(roubles: Decimal | None) -> int:
    return int((roubles or Decimal(0)) * 100)
