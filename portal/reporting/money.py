"""What channels cost, and what a visit, a member and an online guest came to. Money is in whole kopecks throughout.

A cost once or by the piece falls on its day; one of several days is spread over them evenly to the kopeck: the sums over
the parts of any split of a period are its whole. SMS are counted as the gate billed them, on the visit that caused them.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from portal.acquisition import costs as cost_rows
from portal.acquisition.models import Source, SourceCost
from portal.acquisition.pointing import shown_in
from portal.acquisition.sources import list_for_venue
from portal.reporting.period import local_date
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class Plan:
    """What was meant to be spent, and how many members were meant to come of it."""

    kopecks: int = 0
    members: int = 0

    def __add__(self, other: "Plan") -> "Plan":
        return Plan(self.kopecks + other.kopecks, self.members + other.members)


def spread(total: int, first: date, last: date, asked_first: date, asked_last: date) -> int:
    """The share of `total`, spread evenly over the days `first` to `last`, that falls on the days asked for.

    The share of the first i of n days is total·i // n, so that neighbouring answers add up to the kopeck.
    """
    days = (last - first).days + 1
    begin = min(max((asked_first - first).days, 0), days)
    end = min(max((asked_last - first).days + 1, begin), days)
    return total * end // days - total * begin // days


def costs(session: Session, venue: Venue, first: date, last: date) -> dict[int, int]:
    """Kopecks spent on the venue's days `first` to `last` by source, those of a merged one in the row where it is shown."""
    row_of = shown_in(list_for_venue(session, venue.id))
    sums: dict[int, int] = {}
    for cost in cost_rows.touching(session, venue.id, first, last):
        row = row_of.get(cost.source_id, cost.source_id)
        sums[row] = sums.get(row, 0) + cost_on(cost, first, last)
    return {row: kopecks for row, kopecks in sums.items() if kopecks}


def cost_on(cost: SourceCost, first: date, last: date) -> int:
    """Kopecks of one cost that fall on the days `first` to `last`."""
    return spread(cost.kopecks * cost.pieces, cost.first_day, cost.last_day, first, last)


def plans(session: Session, venue: Venue, first: date, last: date) -> dict[int, Plan]:
    """What was planned for the days `first` to `last` by source: of each month its share by days.

    A plan holds while its source is in use: from the day on which it was made until it was retired or merged.
    """
    everything = list_for_venue(session, venue.id)
    row_of, sums = shown_in(everything), dict[int, Plan]()
    for source in everything:
        if source.plan_kopecks or source.plan_members:
            row = row_of[source.id]
            sums[row] = sums.get(row, Plan()) + _planned(source, *_in_use(source, venue.timezone, first, last))
    return {row: plan for row, plan in sums.items() if plan.kopecks or plan.members}


def _in_use(source: Source, zone: str, first: date, last: date) -> tuple[date, date]:
    ends = [local_date(moment, zone) for moment in (source.retired_at, source.merged_at) if moment]
    return max(first, local_date(source.created_at, zone)), min([last, *ends])


def _planned(source: Source, first: date, last: date) -> Plan:
    return sum((_of_month(source, *month, first, last) for month in _months(first, last)), Plan())


def _of_month(source: Source, begins: date, ends: date, first: date, last: date) -> Plan:
    return Plan(spread(source.plan_kopecks, begins, ends, first, last), spread(source.plan_members, begins, ends, first, last))


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    begins = first.replace(day=1)
    while begins <= last:
        ends = begins.replace(day=monthrange(begins.year, begins.month)[1])
        yield begins, ends
        begins = ends + timedelta(days=1)
