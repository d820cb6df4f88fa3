"""A venue or a placement that a command names, or an exit that says where their codes are listed."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.cli.house import House
from portal.venues.directory import venue_by_code
from portal.venues.models import Venue

WHO = "vestibule"  # in the history of a source: somebody at the server


def own_venue(session: Session, code: str) -> Venue:
    """The venue of a code."""
    venue = venue_by_code(session, code)
    if venue is None:
        raise click.ClickException(f"there is no venue {code}: `vestibule venue list` shows their codes")
    return venue


def own_source(session: Session, code: str) -> Source:
    """The placement of a code."""
    found = sources.find_by_code(session, code)
    if found is None:
        raise click.ClickException(f"there is no source {code}: `vestibule source list VENUE` shows their codes")
    return found


@contextmanager
def placement(house: House, code: str) -> Iterator[tuple[Session, Source]]:
    """One in a writing transaction."""
    with house.database.writing() as session:
        yield session, own_source(session, code)
