"""`vestibule source`: placements of a venue."""

from collections.abc import Sequence

import click

from portal.acquisition import sources
from portal.acquisition.models import SOURCE_KINDS, Source
from portal.cli.house import House, open_house, show
from portal.cli.placement import WHO, own_venue, placement
from portal.cli.source_cost import cost
from portal.cli.source_life import LIFE
from portal.core.clock import utcnow

_FIELDS = (
    click.option("--utm-source", help="What links made elsewhere call it; by default its kind."),
    click.option("--utm-medium", help="Must match too, if set."),
    click.option("--utm-campaign", help="Must match too, if set."),
    click.option("--utm-content", help="Must match too, if set."),
    click.option("--printed-count", type=click.IntRange(0), help="Copies printed."),
    click.option("--plan-kopecks", type=click.IntRange(0), help="Planned cost of a month, in kopecks."),
    click.option("--plan-members", type=click.IntRange(0), help="Planned members of a month."),
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
        rows = sources.list_for_venue(session, own_venue(session, venue_code).id)
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
        made = sources.create(session, own_venue(session, venue_code), kind, label, utcnow(), who=WHO, **_given(fields))
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
    with placement(house, code) as (session, found):
        sources.edit(session, found, utcnow(), who=WHO, **changes)
    show([_shown(house, found)], as_json)


for _option in reversed(_FIELDS):
    _option(create)
    _option(edit)
for _command in (cost, *LIFE):
    source.add_command(_command)


def _given(fields: dict[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in fields.items() if value is not None}


_COUNTED = ("printed_count", "plan_kopecks", "plan_members", "paused_at", "retired_at", "merged_at")


def _shown(house: House, row: Source) -> dict[str, object]:
    names: Sequence[str] = ("code", "kind", "label", "utm_source", "utm_medium", "utm_campaign", "utm_content")
    facts = {name: getattr(row, name) for name in (*names, *_COUNTED)}
    return {**facts, "link": f"{house.settings.base_url}/s/{row.code}"}
