"""What guests do, as tables: how long steps take, where they stop, when they come."""

from collections.abc import Iterator
from dataclasses import fields

from portal.reporting.exports import Cell, Column, Table
from portal.reporting.heat import heat as heat_of
from portal.reporting.statistics import wilson
from portal.reporting.stops import stops as stops_of
from portal.reporting.tables.wanted import Wanted, source_cells, source_columns
from portal.reporting.times import times as times_of
from portal.reporting.words import STOPS, TIMES


def times(wanted: Wanted) -> Table:
    """A line per channel and step."""
    _ = wanted.say
    found = times_of(wanted.session, wanted.question, now=wanted.now)
    columns = (
        *source_columns(_),
        Column(_("Time")),
        Column(_("Visits"), "whole"),
        Column(_("Median, s"), "seconds"),
        Column(_("90th percentile, s"), "seconds"),
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        whole: tuple[Cell, ...] = (_("Total"), None, None)
        for name, steps in ((whole, found.steps), *((source_cells(one.source, _), one.steps) for one in found.channels)):
            for step in steps:
                yield (*name, _(TIMES[step.step]), step.n, step.median_s, step.p90_s)

    return Table(_("Times"), columns, rows(), wanted.zone)


def stops(wanted: Wanted) -> Table:
    """A line per place where guests stop."""
    _ = wanted.say
    found = stops_of(wanted.session, wanted.question, now=wanted.now)
    columns = (
        Column(_("Where guests stop")),
        Column(_("Count"), "whole"),
        Column(_("of how many"), "whole"),
        Column(_("Share"), "share"),
        Column(_("low end"), "share"),
        Column(_("high end"), "share"),
    )

    def rows() -> Iterator[tuple[Cell, ...]]:
        for place in (one.name for one in fields(found)):
            stop = getattr(found, place)
            ends = wilson(stop.count, stop.of)
            share = stop.count / stop.of if stop.of else None
            bounds = (ends.low, ends.high) if ends else (None, None)
            yield (_(STOPS[place]), stop.count, stop.of, share, *bounds)

    return Table(_("Where guests stop"), columns, rows(), wanted.zone)


def heat(wanted: Wanted) -> Table:
    """A line per weekday and hour."""
    _ = wanted.say
    found = heat_of(wanted.session, wanted.question, now=wanted.now)
    weekdays = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    columns = (
        Column(_("Weekday")),
        Column(_("Hour"), "whole"),
        Column(_("Visits"), "whole"),
        Column(_("Phone verified"), "whole"),
    )
    rows = (
        (name, hour, found.visits[day][hour], found.verified[day][hour])
        for day, name in enumerate(weekdays)
        for hour in range(24)
    )
    return Table(_("Hours and weekdays"), columns, rows, wanted.zone)
