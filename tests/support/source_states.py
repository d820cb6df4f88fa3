"""Placements in states that a page shows."""

from datetime import date

from portal.acquisition import costs, life, sources
from portal.acquisition.costs import Price
from portal.acquisition.models import Source
from portal.venues import directory
from tests.support.stage import VENUE, Stage


def with_costs(stage: Stage) -> str:
    """A print run and an advertisement of a month."""
    with stage.database.writing() as session:
        source = _made(session, stage, "Листовка")
        day = date(2026, 11, 1)
        costs.add(session, source, Price("pieces", 250, day, day, 400, "тираж в типографии"), stage.now())
        costs.add(session, source, Price("days", 1_200_000, day, date(2026, 11, 30)), stage.now())
        return f"/dashboard/sources/{source.code}/costs"


def merged(stage: Stage) -> str:
    """One that was renamed, and whose past stands in another's row."""
    with stage.database.writing() as session:
        source, other = _made(session, stage, "Стол 7"), _made(session, stage, "Стол у окна")
        sources.edit(session, source, stage.now(), who="Анна", label="Стол 7, старый")
        life.merge(session, source, other, stage.now(), "Анна")
        return f"/dashboard/sources/{source.code}/life"


def _made(session, stage: Stage, label: str) -> Source:
    venue = directory.venue_by_code(session, VENUE)
    assert venue is not None
    made = sources.create(session, venue, "paper_form", label, stage.now(), who="Анна")
    life.retire(session, made, stage.now(), "Анна")  # out of the way of the other pages
    return made
