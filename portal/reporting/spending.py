"""A channel report with its money: what each channel's visits, members and online guests came to, beside the plan.

A report asked about some visits only (new guests, one language) has the money of all: ask about all visits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from portal.acquisition.models import Source
from portal.reporting import money
from portal.reporting.funnel import ChannelReport
from portal.reporting.money import Plan
from portal.reporting.placements import placements_of
from portal.reporting.statistics import wilson

ENOUGH_VISITS = 30  # fewer are not ranked


@dataclass(frozen=True, slots=True)
class Bounds:
    """Kopecks, from the 95 % interval of the share of visits that became members; `high` None: without an upper end."""

    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class SpendingRow:
    """A channel; without a source it is "other". `members` got a card, `cost` is its print and placement, `sms` as billed.

    `rank_by_cost` and `rank_by_members` begin with 1; None where nothing can be ranked. `cheaper_than` is the channel with
    the most members among those that have more members than this one, each at a higher price.
    """

    source: Source | None
    visits: int
    members: int
    online: int
    cost: int
    sms: int
    plan: Plan
    rank_by_cost: int | None = None
    rank_by_members: int | None = None
    cheaper_than: Source | None = None

    @property
    def spent(self) -> int:
        """Kopecks in all."""
        return self.cost + self.sms

    @property
    def per_visit(self) -> int | None:
        """Kopecks; None of no visits, or where nothing was spent."""
        return each(self.spent, self.visits)

    @property
    def per_member(self) -> int | None:
        """Kopecks; None of no members, or where nothing was spent."""
        return each(self.spent, self.members)

    @property
    def per_online(self) -> int | None:
        """Kopecks; None where nobody came online, or nothing was spent."""
        return each(self.spent, self.online)

    @property
    def per_member_bounds(self) -> Bounds | None:
        """How sure `per_member` is: what was spent is known, how many of so many visits become members is a sample."""
        share = wilson(self.members, self.visits) if self.per_member is not None else None
        if share is None:
            return None
        high = round(self.spent / (self.visits * share.low)) if share.low else None
        return Bounds(round(self.spent / (self.visits * share.high)), high)

    @property
    def of_plan(self) -> float | None:
        """What was spent of what was planned, 0 and up; None without a plan. SMS are no part of a plan of placements."""
        return self.cost / self.plan.kopecks if self.plan.kopecks else None

    @property
    def members_of_plan(self) -> float | None:
        """Members of those planned, 0 and up; None without a plan."""
        return self.members / self.plan.members if self.plan.members else None

    @property
    def is_few(self) -> bool:
        """Too few visits for a place among the others."""
        return self.visits < ENOUGH_VISITS


@dataclass(frozen=True, slots=True)
class Spending:
    """Rows by what was spent, the most first, "other" last; `total` is their sum.

    `planned` sums up beside the plan only what was planned: costs of the channels whose cost, members of those whose members.
    """

    rows: tuple[SpendingRow, ...]
    total: SpendingRow
    planned: SpendingRow


def each(spent: int, count: int) -> int | None:
    """Kopecks of one, rounded half up; None where there is nothing to share out or nobody to share it among."""
    return (2 * spent + count) // (2 * count) if spent and count else None


def spending(session: Session, report: ChannelReport) -> Spending:
    """Costs, plans and SMS of a report's venue and days, in its rows; a source that cost money without a visit has a row too."""
    venue, first, last = report.venue, report.period.first, report.period.last
    costs, plans = money.costs(session, venue, first, last), money.plans(session, venue, first, last)
    rows = [
        SpendingRow(
            row.source, row.counts.of("seen"), row.counts.of("card"), row.counts.of("online"),
            costs.pop(row.source_id or 0, 0), row.sms_kopecks, plans.pop(row.source_id or 0, Plan()),
        )
        for row in report.rows
    ]  # fmt: skip
    placements = placements_of(session, venue.id)
    unseen = placements.wanted(report.question) & (costs.keys() | plans.keys())
    rows += [SpendingRow(placements.known[one], 0, 0, 0, costs.get(one, 0), 0, plans.get(one, Plan())) for one in sorted(unseen)]
    rows.sort(key=lambda row: (row.source is None, -row.spent, -row.members))
    return Spending(tuple(_judged(rows)), _total(rows), _planned(rows))


def _total(rows: Sequence[SpendingRow]) -> SpendingRow:
    visits, members, online = (sum(getattr(row, name) for row in rows) for name in ("visits", "members", "online"))
    cost, sms = sum(row.cost for row in rows), sum(row.sms for row in rows)
    return SpendingRow(None, visits, members, online, cost, sms, sum((row.plan for row in rows), Plan()))


def _planned(rows: Sequence[SpendingRow]) -> SpendingRow:
    cost = sum(row.cost for row in rows if row.plan.kopecks)
    members = sum(row.members for row in rows if row.plan.members)
    return SpendingRow(None, 0, members, 0, cost, 0, sum((row.plan for row in rows), Plan()))


def _judged(rows: Sequence[SpendingRow]) -> Iterable[SpendingRow]:
    ranked = [row for row in rows if row.source and not row.is_few]
    prices = sorted(price for row in ranked if (price := row.per_member) is not None)
    members = sorted((row.members for row in ranked), reverse=True)
    for row in rows:
        if row not in ranked:
            yield row
            continue
        by_cost = prices.index(row.per_member) + 1 if row.per_member is not None else None
        yield replace(
            row, rank_by_cost=by_cost, rank_by_members=members.index(row.members) + 1, cheaper_than=_dearer(row, ranked)
        )


def _dearer(row: SpendingRow, ranked: Sequence[SpendingRow]) -> Source | None:
    """The larger channel that this one is cheaper than: its lower price alone would hide how few members it brings."""
    price = row.per_member
    if price is None:
        return None
    dearer = [other for other in ranked if other.members > row.members and (other.per_member or 0) > price]
    return max(dearer, key=lambda other: other.members).source if dearer else None
