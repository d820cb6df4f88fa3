"""The smallest thing that a report adds up: visits of one bucket, source and class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from portal.reporting.steps import Counts


class Cell(NamedTuple):
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
        return cls(row[0], row[1], row[2], row[3], row[4], row[5], Counts((row[3], *row[6:])))

    def less(self) -> "Cell":
        """What takes it away where it is added."""
        return self._replace(
            visits=-self.visits, synthetic=-self.synthetic, sms_kopecks=-self.sms_kopecks, counts=Counts() - self.counts
        )


@dataclass(frozen=True, slots=True)
class TimeCell:
    """Visits of one bucket, source and class whose time for a step lies in a bin."""

    number: int
    source_id: int
    visitor_class: str
    step: str
    bin: int
    visits: int
