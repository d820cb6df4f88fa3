"""What a placement cost: rows of money, added and taken back, never changed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, SourceCost
from portal.core.errors import PortalError

KINDS = ("once", "pieces", "days")
NOTE_LENGTH = 120
LARGEST = 10**11  # kopecks: a milliard roubles
MOST_PIECES = 10**7
LONGEST = timedelta(days=366 * 5)
_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Price:
    """Money and its days. `kopecks`: once, in all; pieces, of one piece; days, of all days together.

    Raises PortalError `unknown_cost_kind`, `bad_amount`, `bad_pieces` or `bad_period`.
    """

    kind: str
    kopecks: int
    first_day: date
    last_day: date
    pieces: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PortalError("unknown_cost_kind", kind=self.kind)
        if not 0 < self.kopecks <= LARGEST:
            raise PortalError("bad_amount", field="kopecks")
        if not 0 < self.pieces <= MOST_PIECES or (self.kind != "pieces" and self.pieces != 1):
            raise PortalError("bad_pieces")
        if self.total > LARGEST:
            raise PortalError("bad_amount", field="total")
        one_day = self.first_day == self.last_day
        in_order = _EARLIEST <= self.first_day <= self.last_day <= _LATEST and self.last_day - self.first_day <= LONGEST
        if not in_order or (self.kind != "days" and not one_day):
            raise PortalError("bad_period")

    @property
    def total(self) -> int:
        """Kopecks in all."""
        return self.kopecks * self.pieces


def add(session: Session, source: Source, price: Price, now: datetime) -> SourceCost:
    """Write money down that was spent on a placement, or will be."""
    cost = SourceCost(
        organization_id=source.organization_id, venue_id=source.venue_id, source_id=source.id, kind=price.kind,
        kopecks=price.kopecks, pieces=price.pieces, first_day=price.first_day, last_day=price.last_day,
        note=price.note[:NOTE_LENGTH], created_at=now,
    )  # fmt: skip
    session.add(cost)
    session.flush()
    return cost


def find(session: Session, source: Source, cost_id: int) -> SourceCost | None:
    """A cost of this placement, of no other."""
    return session.scalar(select(SourceCost).where(SourceCost.id == cost_id, SourceCost.source_id == source.id))


def remove(session: Session, cost: SourceCost) -> None:
    """Take a wrong one back."""
    session.delete(cost)
    session.flush()


def of_source(session: Session, source: Source) -> list[SourceCost]:
    """The newest days first."""
    order = (SourceCost.first_day.desc(), SourceCost.id.desc())
    return list(session.scalars(select(SourceCost).where(SourceCost.source_id == source.id).order_by(*order)))


def touching(session: Session, venue_id: int, first: date, last: date) -> list[SourceCost]:
    """Costs of a venue with a day from `first` to `last`."""
    query = select(SourceCost).where(
        SourceCost.venue_id == venue_id, SourceCost.first_day <= last, SourceCost.last_day >= first
    )  # fmt: skip
    return list(session.scalars(query.order_by(SourceCost.id)))


def spent(session: Session, venue_id: int) -> dict[int, int]:
    """Kopecks of all days by source, each placement's own."""
    sums: dict[int, int] = {}
    for cost in session.scalars(select(SourceCost).where(SourceCost.venue_id == venue_id)):
        sums[cost.source_id] = sums.get(cost.source_id, 0) + cost.kopecks * cost.pieces
    return sums
