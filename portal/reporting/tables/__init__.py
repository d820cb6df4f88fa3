"""The tables that the dashboard shows, as they leave the house: by name, with the same filters as their pages."""

from collections.abc import Callable

from portal.reporting.exports import Table
from portal.reporting.tables import conversion, guests, spent
from portal.reporting.tables.wanted import Wanted

TABLES: dict[str, Callable[[Wanted], Table]] = {
    "channels": conversion.channels,
    "funnel": conversion.funnel,
    "series": conversion.series,
    "venues": conversion.venues,
    "times": guests.times,
    "stops": guests.stops,
    "heat": guests.heat,
    "sources": spent.sources,
    "costs": spent.costs,
    "spending": spent.spending,
}


def build(name: str, wanted: Wanted) -> Table:
    """A table by its name. Raises KeyError."""
    return TABLES[name](wanted)
