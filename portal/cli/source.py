"""`vestibule source`: placements of a venue."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.models import SOURCE_KINDS, Source
from portal.cli.house import House, open_house, show
from portal.core.clock import utcnow
from portal.venues.directory import venue_by_code
from portal.venues.models import Venue

_FIELDS = (
    click.option("--utm-source", help="What links made elsewhere call it; by default its kind."),
    click.option("--utm-medium", help="Must match too, if set."),
    click.option("--utm-campaign", help="Must match too, if set."),
    click.option("--utm-content", help="Must match too, if set."),
    click.option("--cost-kopecks", type=click.IntRange(0), help="What it cost, in kopecks."),
    click.option("--printed-count", type=click.IntRange(0), help="Copies printed."),
)


@click.group
def source() -> None:
    """Placements: the channels that bring guests."""


@source.command("list")
@click.argument("venue_code")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(venue_code: str, as_json: bool) -> None:
    """The placements of a venue, with their links."""
    house = open_house()
    with house.database.reading() as session:
        rows = sources.list_for_venue(session, _venue(session, venue_code).id)
    show([_shown(house, row) for row in rows], as_json)


@source.command
@click.argument("venue_code")
@click.option("--kind", type=click.Choice(SOURCE_KINDS), required=True, help="What it is.")
@click.option("--label", required=True, help="How people call it, such as “table 7”.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def create(venue_code: str, kind: str, label: str, as_json: bool, **fields: str | int | None) -> None:
    """Make a placement; prints its code, which never changes."""
    house = open_house()
    with house.database.writing() as session:
        made = sources.create(session, _venue(session, venue_code), kind, label, utcnow(), **_given(fields))
    show([_shown(house, made)], as_json)


@source.command
@click.argument("code")
@click.option("--kind", type=click.Choice(SOURCE_KINDS), help="What it is.")
@click.option("--label", help="How people call it.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def edit(code: str, as_json: bool, **fields: str | int | None) -> None:
    """Change everything about a placement but its code."""
    changes = _given(fields)
    if not changes:
        raise click.UsageError("nothing to change: give at least one option, such as --label")
    house = open_house()
    with _placement(house, code) as (session, found):
        sources.edit(session, found, **changes)
    show([_shown(house, found)], as_json)


@source.command
@click.argument("code")
def retire(code: str) -> None:
    """Take a placement out of use. Its printed code still lands and still counts."""
    house = open_house()
    with _placement(house, code) as (session, found):
        sources.retire(session, found, utcnow())
    click.echo(f"{found.code} is retired; `vestibule source reactivate {found.code}` puts it back")


@source.command
@click.argument("code")
def reactivate(code: str) -> None:
    """Put a retired placement back to use."""
    house = open_house()
    with _placement(house, code) as (session, found):
        sources.reactivate(session, found)
    click.echo(f"{found.code} is in use")


for _option in reversed(_FIELDS):
    _option(create)
    _option(edit)


def _venue(session: Session, code: str) -> Venue:
    venue = venue_by_code(session, code)
    if venue is None:
        raise click.ClickException(f"there is no venue {code}: `vestibule venue list` shows their codes")
    return venue


@contextmanager
def _placement(house: House, code: str) -> Iterator[tuple[Session, Source]]:
    with house.database.writing() as session:
        found = sources.find_by_code(session, code)
        if found is None:
            raise click.ClickException(f"there is no source {code}: `vestibule source list VENUE` shows their codes")
        yield session, found


def _given(fields: dict[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in fields.items() if value is not None}


def _shown(house: House, row: Source) -> dict[str, object]:
    names: Sequence[str] = ("code", "kind", "label", "utm_source", "utm_medium", "utm_campaign", "utm_content")
    facts = {name: getattr(row, name) for name in (*names, "cost_kopecks", "printed_count", "retired_at")}
    return {**facts, "link": f"{house.settings.base_url}/s/{row.code}"}
