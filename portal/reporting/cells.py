"""The smallest thing that a report adds up: visits of one bucket, source and class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.reporting.steps import Counts


@dataclass(frozen=True, slots=True)
class Cell:
    """`number` is the bucket's; `source_id` OTHER for none; `visitor_class` one of CLASSES."""

    number: int
    source_id: int
    visitor_class: str
    visits: int
    synthetic: int
    sms_kopecks: int
    counts: Counts

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> "Cell":
        """Of a row that names its fields in this order, with the steps after the first in place of `counts`."""
        number, source_id, visitor_class, visits, synthetic, sms_kopecks, *steps = row
        return cls(number, source_id, visitor_class, visits, synthetic, sms_kopecks, Counts((visits, *steps)))


@dataclass(frozen=True, slots=True)
class TimeCell:
    """Visits of one bucket, source and class whose time for a step lies in a bin."""

    number: int
    source_id: int
    visitor_class: str
    step: str
    bin: int
    visits: int
