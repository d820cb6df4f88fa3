"""Conversion per channel: the table, its totals, and venues beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.acquisition.sources import list_for_venue
from portal.reporting import cohort
from portal.reporting.cohort import CohortLine
from portal.reporting.period import Period, period
from portal.reporting.steps import Counts, Step
from portal.venues.models import Venue

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A source and its cohort. Without a source it is "other": visits whose link named none that is known."""

    source: Source | None
    counts: Counts
    unripe: int

    @property
    def source_id(self) -> int | None:
        """The source's id, None of "other"."""
        return self.source.id if self.source else None

    @property
    def steps(self) -> tuple[Step, ...]:
        """seen, phone, verified, card, online."""
        return self.counts.steps

    @property
    def funnel(self) -> tuple[Step, ...]:
        """The same with code_sent, code_delivered and card_saved."""
        return self.counts.funnel


@dataclass(frozen=True, slots=True)
class Apart:
    """Visits that stand beside the funnel."""

    bots: int
    vouchers: int
    vouchers_online: int
    remembered: int
    remembered_online: int


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """Rows by visits, the most first; "other" last and always there. `totals` is the sum of all rows.

    `unripe` visits are younger than the window and may still convert; `synthetic` ones are a demo's invention.
    """

    venue: Venue
    period: Period
    window: timedelta
    rows: tuple[ChannelRow, ...]
    totals: Counts
    apart: Apart
    unripe: int
    synthetic: int

    @property
    def immature(self) -> bool:
        """True while the newest visits can still convert: their rates will grow."""
        return self.unripe > 0

    @property
    def is_synthetic(self) -> bool:
        """True when any of it was made by the demo."""
        return self.synthetic > 0

    def row(self, source_id: int | None) -> ChannelRow | None:
        """The row of a source, or of "other" (None)."""
        return next((row for row in self.rows if row.source_id == source_id), None)


@dataclass(frozen=True, slots=True)
class VenueRow:
    """One venue in a comparison, its days in its own time zone."""

    venue: Venue
    period: Period
    counts: Counts
    unripe: int
    synthetic: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """seen, phone, verified, card, online."""
        return self.counts.steps


def channels(session: Session, venue: Venue, first: date, last: date, *, now: datetime, window: timedelta = DAY) -> ChannelReport:
    """Visits that arrived on the venue's days `first` to `last`, by source, and what became of them within `window`.

    Raises PortalError `bad_period`.
    """
    days = period(first, last, venue.timezone)
    lines = cohort.count(session, [(venue.id, days)], window, now)
    guests = {line.source_id: line for line in lines if line.visitor_class == "guest"}
    known = [source for source in list_for_venue(session, venue.id) if source.retired_at is None or source.id in guests]
    rows = sorted((_row(source, guests.get(source.id)) for source in known), key=_most_visits_first)
    rows.append(_row(None, guests.get(None)))
    return ChannelReport(
        venue=venue,
        period=days,
        window=window,
        rows=tuple(rows),
        totals=sum((row.counts for row in rows), Counts()),
        apart=_apart(lines),
        unripe=sum(line.unripe for line in guests.values()),
        synthetic=sum(line.synthetic for line in lines),
    )


def compare(
    session: Session, venues: Sequence[Venue], first: date, last: date, *, now: datetime, window: timedelta = DAY
) -> tuple[VenueRow, ...]:
    """The same days at several venues, each in its own zone; one query for all. Raises PortalError `bad_period`."""
    ranges = [(venue.id, period(first, last, venue.timezone)) for venue in venues]
    lines = cohort.count(session, ranges, window, now)
    return tuple(_venue_row(venue, days, lines) for venue, (_, days) in zip(venues, ranges, strict=True))


def _row(source: Source | None, line: CohortLine | None) -> ChannelRow:
    return ChannelRow(source, line.counts if line else Counts(), line.unripe if line else 0)


def _most_visits_first(row: ChannelRow) -> tuple[int, int]:
    return -row.counts.of("seen"), row.source_id or 0


def _apart(lines: Sequence[CohortLine]) -> Apart:
    def total(visitor_class: str, online: bool = False) -> int:
        mine = (line for line in lines if line.visitor_class == visitor_class)
        return sum(line.online_apart if online else line.counts.of("seen") for line in mine)

    return Apart(
        total("bot"), total("voucher"), total("voucher", True), total("remembered"), total("remembered", True)
    )  # fmt: skip


def _venue_row(venue: Venue, days: Period, lines: Sequence[CohortLine]) -> VenueRow:
    mine = [line for line in lines if line.venue_id == venue.id and line.visitor_class == "guest"]
    counts = sum((line.counts for line in mine), Counts())
    return VenueRow(venue, days, counts, sum(line.unripe for line in mine), sum(line.synthetic for line in mine))
