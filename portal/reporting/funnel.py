"""Conversion per channel: the table, its totals, and venues beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting import ledger
from portal.reporting.cells import Cell
from portal.reporting.judgement import Judgement, judge
from portal.reporting.ledger import Asked
from portal.reporting.models import OTHER
from portal.reporting.period import Period
from portal.reporting.placements import Placements, placements_by_venue
from portal.reporting.question import Question
from portal.reporting.steps import Counts, Step
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A source and its cohort. Without a source it is "other": visits whose link named none that is known.

    `ripe` leaves out the `unripe` visits, which are younger than the window. `sms_kopecks` is what its messages cost.
    """

    source: Source | None
    counts: Counts
    ripe: Counts
    unripe: int
    sms_kopecks: int = 0
    judged: Judgement = field(default_factory=Judgement)

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
    """Visits that stand beside the funnel. `previews` are machines that show a link in a chat or a feed."""

    bots: int = 0
    previews: int = 0
    vouchers: int = 0
    vouchers_online: int = 0
    remembered: int = 0
    remembered_online: int = 0


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """Rows by visits, the most first; "other" last. `totals` is the sum of all rows.

    `unripe` visits are younger than the window and may still convert; `synthetic` ones are a demo's invention.
    """

    question: Question
    period: Period
    rows: tuple[ChannelRow, ...]
    totals: Counts
    apart: Apart
    unripe: int
    synthetic: int
    sms_kopecks: int

    @property
    def venue(self) -> Venue:
        """Whose report it is."""
        return self.question.venue

    @property
    def window(self) -> timedelta:
        """How long a visit may take to convert."""
        return self.question.span

    @property
    def immature(self) -> bool:
        """True while the newest visits can still convert: their rates will grow."""
        return self.unripe > 0

    @property
    def is_synthetic(self) -> bool:
        """True when any of it was made by the demo."""
        return self.synthetic > 0

    @property
    def leader(self) -> ChannelRow | None:
        """The channel that is ahead of all others, where that can be told."""
        return next((row for row in self.rows if row.judged.leader), None)

    def row(self, source_id: int | None) -> ChannelRow | None:
        """The row of a source, or of "other" (None)."""
        return next((row for row in self.rows if row.source_id == source_id), None)


@dataclass(frozen=True, slots=True)
class VenueRow:
    """One venue in a comparison, its days in its own time zone."""

    venue: Venue
    period: Period
    counts: Counts
    ripe: Counts
    unripe: int
    synthetic: int
    sms_kopecks: int
    judged: Judgement

    @property
    def steps(self) -> tuple[Step, ...]:
        """seen, phone, verified, card, online."""
        return self.counts.steps


def channels(session: Session, question: Question, *, now: datetime) -> ChannelReport:
    """Visits of the question's days, by source, and what became of them within its window.

    Raises PortalError `bad_period`.
    """
    return channels_of(session, [question], now=now)[0]


def channels_of(session: Session, questions: Sequence[Question], *, now: datetime) -> list[ChannelReport]:
    """The same of several venues, read together; only venue and days may differ from one question to the next."""
    return [_report(*one) for one in _answered(session, questions, now)]


def compare(session: Session, questions: Sequence[Question], *, now: datetime) -> tuple[VenueRow, ...]:
    """The same question to several venues, each in its own zone; only venue and days may differ from one to the next.

    Raises PortalError `bad_period`.
    """
    told = [
        (question, days, _guests(cells, question), _guests(young, question))
        for question, days, _, cells, young in _answered(session, questions, now)
    ]
    sums = [_sum_of(cells, young) for _, _, cells, young in told]
    judged = judge([(ripe.of(question.goal), ripe.of("seen")) for (question, *_), (_, ripe) in zip(told, sums, strict=True)])
    return tuple(
        VenueRow(
            question.venue, days, counts, ripe, sum(cell.visits for cell in young), sum(cell.synthetic for cell in cells),
            sum(cell.sms_kopecks for cell in cells), judgement,
        )
        for (question, days, cells, young), (counts, ripe), judgement in zip(told, sums, judged, strict=True)
    )  # fmt: skip


def _answered(
    session: Session, questions: Sequence[Question], now: datetime
) -> list[tuple[Question, Period, Placements, list[Cell], list[Cell]]]:
    """Each question with its days, its venue's sources, the cells asked for, and those of them that may still convert."""
    if not questions:
        return []
    asked = [Asked(number, question.venue.id, question.period) for number, question in enumerate(questions)]
    shelves = placements_by_venue(session, [question.venue.id for question in questions])
    wanted = [shelves[question.venue.id].wanted(question) for question in questions]
    sorted_out: list[tuple[list[Cell], list[Cell]]] = [([], []) for _ in questions]
    for place, cells in enumerate(ledger.read_by_age(session, questions[0], asked, now)):
        for cell in cells:
            if shelves[asked[cell.number].venue_id].row_of(cell.source_id) in wanted[cell.number]:
                sorted_out[cell.number][place].append(cell)
    return [
        (question, one.period, shelves[question.venue.id], *cells)
        for question, one, cells in zip(questions, asked, sorted_out, strict=True)
    ]


def _report(
    question: Question, days: Period, placements: Placements, cells: Sequence[Cell], young: Sequence[Cell]
) -> ChannelReport:
    guests, unripe = _guests(cells, question), _guests(young, question)
    rows = _rows(placements, placements.wanted(question), guests, unripe, question.goal)
    return ChannelReport(
        question=question,
        period=days,
        rows=rows,
        totals=sum((row.counts for row in rows), Counts()),
        apart=_apart(cells),
        unripe=sum(cell.visits for cell in unripe),
        synthetic=sum(cell.synthetic for cell in cells),
        sms_kopecks=sum(row.sms_kopecks for row in rows),
    )


def _guests(cells: Sequence[Cell], question: Question) -> list[Cell]:
    return [cell for cell in cells if cell.visitor_class in question.classes]


def _sum_of(cells: Sequence[Cell], young: Sequence[Cell]) -> tuple[Counts, Counts]:
    """All of them, and what is ripe of it."""
    counts = Counts.added_up(cell.counts for cell in cells)
    return counts, counts - Counts.added_up(cell.counts for cell in young)


def _rows(
    placements: Placements, shown: frozenset[int], cells: Sequence[Cell], young: Sequence[Cell], goal: str
) -> tuple[ChannelRow, ...]:
    by_row, young_by_row = _by_row(placements, shown, cells), _by_row(placements, shown, young)
    kept = [row for row in shown if row == OTHER or by_row[row] or placements.known[row].retired_at is None]
    rows = [_row(placements.known.get(row), by_row[row], young_by_row[row]) for row in kept]
    judged = judge([(row.ripe.of(goal), row.ripe.of("seen")) for row in rows])
    return tuple(sorted((replace(row, judged=judgement) for row, judgement in zip(rows, judged, strict=True)), key=_order))


def _by_row(placements: Placements, shown: frozenset[int], cells: Sequence[Cell]) -> dict[int, list[Cell]]:
    rows: dict[int, list[Cell]] = {row: [] for row in shown}
    for cell in cells:
        rows[placements.row_of(cell.source_id)].append(cell)
    return rows


def _row(source: Source | None, cells: Sequence[Cell], young: Sequence[Cell]) -> ChannelRow:
    counts, ripe = _sum_of(cells, young)
    return ChannelRow(source, counts, ripe, sum(cell.visits for cell in young), sum(cell.sms_kopecks for cell in cells))


def _order(row: ChannelRow) -> tuple[bool, int, int]:
    """The most visits first, "other" last."""
    return row.source is None, -row.counts.of("seen"), row.source_id or 0


def _apart(cells: Sequence[Cell]) -> Apart:
    def total(visitor_class: str, online: bool = False) -> int:
        mine = (cell for cell in cells if cell.visitor_class == visitor_class)
        return sum(cell.counts.of("online") if online else cell.visits for cell in mine)

    return Apart(
        bots=total("bot"), previews=total("preview"), vouchers=total("voucher"), vouchers_online=total("voucher", True),
        remembered=total("remembered"), remembered_online=total("remembered", True),
    )  # fmt: skip
