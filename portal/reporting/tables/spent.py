"""Placements and money as tables."""

from collections.abc import Iterator

from portal.acquisition import costs as cost_rows
from portal.acquisition import sources as source_rows
from portal.acquisition.models import Source
from portal.reporting import funnel
from portal.reporting import spending as money
from portal.reporting.exports import Cell, Column, Table
from portal.reporting.tables.wanted import Wanted, source_cells, source_columns
from portal.reporting.words import COSTS


def sources(wanted: Wanted) -> Table:
    """Every placement of the venue, the retired and merged ones too."""
    _ = wanted.say
    columns = (
        *source_columns(_),
        Column("utm_source"),
        Column("utm_medium"),
        Column("utm_campaign"),
        Column("utm_content"),
        Column(_("Printed"), "whole"),
        Column(_("Planned cost of a month"), "money"),
        Column(_("Planned members of a month"), "whole"),
        Column(_("Made"), "moment"),
        Column(_("Paused"), "moment"),
        Column(_("Retired"), "moment"),
        Column(_("Merged"), "moment"),
    )

    def row(one: Source) -> tuple[Cell, ...]:
        utm = (one.utm_source, one.utm_medium, one.utm_campaign, one.utm_content)
        plans = (one.printed_count, one.plan_kopecks or None, one.plan_members or None)
        return (*source_cells(one, _), *utm, *plans, one.created_at, one.paused_at, one.retired_at, one.merged_at)

    listed = source_rows.list_for_venue(wanted.session, wanted.question.venue.id)
    return Table(_("Sources"), columns, map(row, listed), wanted.zone)


def costs(wanted: Wanted) -> Table:
    """Every cost that falls on the days asked for."""
    _ = wanted.say
    venue = wanted.question.venue
    known = {one.id: one for one in source_rows.list_for_venue(wanted.session, venue.id)}
    found = cost_rows.touching(wanted.session, venue.id, wanted.question.first, wanted.question.last)
    columns = (
        *source_columns(_),
        Column(_("Kind of cost")),
        Column(_("Pieces"), "whole"),
        Column(_("Price"), "money"),
        Column(_("In all"), "money"),
        Column(_("First day"), "day"),
        Column(_("Last day"), "day"),
        Column(_("Note")),
    )
    rows = (
        (
            *source_cells(known.get(one.source_id), _),
            _(COSTS[one.kind]),
            one.pieces,
            one.kopecks,
            one.kopecks * one.pieces,
            one.first_day,
            one.last_day,
            one.note,
        )
        for one in found
    )
    return Table(_("Costs"), columns, rows, wanted.zone)


def spending(wanted: Wanted) -> Table:
    """What each channel's visits, members and online guests came to, beside the plan."""
    _ = wanted.say
    found = money.spending(wanted.session, funnel.channels(wanted.session, wanted.question, now=wanted.now))
    columns = (
        *source_columns(_),
        Column(_("Visits"), "whole"),
        Column(_("Members"), "whole"),
        Column(_("Guests online"), "whole"),
        Column(_("Cost"), "money"),
        Column(_("SMS"), "money"),
        Column(_("In all"), "money"),
        Column(_("Cost of a visit"), "money"),
        Column(_("Cost of a member"), "money"),
        Column(_("low end"), "money"),
        Column(_("high end"), "money"),
        Column(_("Cost of an online guest"), "money"),
        Column(_("Plan"), "money"),
        Column(_("Planned members"), "whole"),
    )

    def row(name: tuple[Cell, ...], one: money.SpendingRow) -> tuple[Cell, ...]:
        bounds = one.per_member_bounds
        ends = (bounds.low, bounds.high) if bounds else (None, None)
        counts = (one.visits, one.members, one.online, one.cost, one.sms, one.spent)
        plan = (one.plan.kopecks or None, one.plan.members or None)
        return (*name, *counts, one.per_visit, one.per_member, *ends, one.per_online, *plan)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for one in found.rows:
            yield row(source_cells(one.source, _), one)
        yield row((_("Total"), None, None), found.total)

    return Table(_("Money"), columns, rows(), wanted.zone)
