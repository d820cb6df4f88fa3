"""Conversion as tables: per channel, step by step, along time, and of venues beside each other."""

from collections.abc import Iterator
from dataclasses import replace

from portal.reporting import funnel as reports
from portal.reporting import money
from portal.reporting import series as times_series
from portal.reporting.exports import Cell, Column, Table
from portal.reporting.steps import FUNNEL, MAIN
from portal.reporting.tables.wanted import Wanted, source_cells, source_columns, step_cells, step_columns
from portal.reporting.words import STEPS


def channels(wanted: Wanted) -> Table:
    """A line per channel, other and total; then machines, vouchers and remembered devices, which stand apart."""
    _ = wanted.say
    report = reports.channels(wanted.session, wanted.question, now=wanted.now)
    costs = money.costs(wanted.session, wanted.question.venue, wanted.question.first, wanted.question.last)
    about = (
        Column(_("First day"), "day"),
        Column(_("Last day"), "day"),
        Column(_("Window")),
        Column(_("Too young to judge"), "whole"),
        Column(_("Cost"), "money"),
        Column(_("SMS"), "money"),
        Column(_("Place"), "whole"),
        Column(_("Leader")),
        Column(_("Differs from the others, p"), "number"),
    )
    columns = (*source_columns(_), *about, *step_columns(_, MAIN))
    days = (wanted.question.first, wanted.question.last, wanted.question.window)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in report.rows:
            judged = row.judged
            place = (judged.rank, _("yes") if judged.leader else None, judged.p_adjusted)
            cost = costs.get(row.source_id or 0, 0)
            yield (*source_cells(row.source, _), *days, row.unripe, cost, row.sms_kopecks, *place, *step_cells(row.steps))
        spent = (sum(costs.values()), report.sms_kopecks)
        yield (_("Total"), None, None, *days, report.unripe, *spent, None, None, None, *step_cells(report.totals.steps))
        empty = (None,) * (len(columns) - 7)
        apart = report.apart
        named = (
            (_("Bots"), apart.bots),
            (_("Previews"), apart.previews),
            (_("Vouchers"), apart.vouchers),
            (_("Remembered devices"), apart.remembered),
        )
        for name, visits in named:
            yield (name, None, None, *days, *empty[:6], visits, *empty[6:])

    return Table(_("Conversion per channel"), columns, rows(), wanted.zone)


def funnel(wanted: Wanted) -> Table:
    """A line per channel and step, with how many were lost since the step before."""
    _ = wanted.say
    report = reports.channels(wanted.session, wanted.question, now=wanted.now)
    columns = (
        *source_columns(_),
        Column(_("Step")),
        Column(_("Count"), "whole"),
        Column(_("share of visits"), "share"),
        Column(_("low end"), "share"),
        Column(_("high end"), "share"),
        Column(_("share of the previous step"), "share"),
        Column(_("Lost since the step before"), "whole"),
    )
    named = [(source_cells(row.source, _), row.counts) for row in report.rows]

    def rows() -> Iterator[tuple[Cell, ...]]:
        for source, counts in (*named, ((_("Total"), None, None), report.totals)):
            for name in FUNNEL:
                step = counts.step(name)
                ends = (step.interval.low, step.interval.high) if step.interval else (None, None)
                yield (*source, _(STEPS[name]), step.count, step.of_start, *ends, step.of_previous, step.previous_n - step.count)

    return Table(_("Funnel"), columns, rows(), wanted.zone)


def series(wanted: Wanted) -> Table:
    """A line per day, week or month."""
    _ = wanted.say
    buckets = times_series.series(wanted.session, wanted.question, wanted.grain, now=wanted.now)
    columns = (
        Column(_("First day"), "day"),
        Column(_("Last day"), "day"),
        Column(_("Can still grow")),
        *step_columns(_, MAIN),
    )
    rows = ((one.first, one.last, _("yes") if one.immature else None, *step_cells(one.counts.steps)) for one in buckets)
    return Table(_("Conversion along time"), columns, rows, wanted.zone)


def venues(wanted: Wanted) -> Table:
    """The same days at every venue in sight, each in its own zone."""
    _ = wanted.say
    everywhere = replace(wanted.question, sources=frozenset(), kinds=frozenset(), campaigns=frozenset())
    asked = [replace(everywhere, venue=venue) for venue in wanted.venues]
    found = reports.compare(wanted.session, asked, now=wanted.now)
    columns = (
        Column(_("Venue")),
        Column(_("Code")),
        Column(_("City")),
        Column(_("Time zone")),
        Column(_("First day"), "day"),
        Column(_("Last day"), "day"),
        Column(_("SMS"), "money"),
        Column(_("Place"), "whole"),
        *step_columns(_, MAIN),
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in found:
            venue = row.venue
            where = (venue.name, venue.code, venue.city, venue.timezone)
            yield (*where, row.period.first, row.period.last, row.sms_kopecks, row.judged.rank, *step_cells(row.steps))

    return Table(_("Venues"), columns, rows(), wanted.zone)
