"""`vestibule source pause`, `point`, `merge` and the others: a placement's life. Its printed code lands throughout."""

import click

from portal.acquisition import batch as batches
from portal.acquisition import life
from portal.acquisition.models import SOURCE_KINDS
from portal.cli.house import open_house, show
from portal.cli.placement import WHO, own_source, own_venue, placement
from portal.core.clock import utcnow


@click.command
@click.argument("code")
def retire(code: str) -> None:
    """Take a placement out of use. Its printed code still lands and still counts."""
    with placement(open_house(), code) as (session, found):
        life.retire(session, found, utcnow(), WHO)
    click.echo(f"{found.code} is retired; `vestibule source reactivate {found.code}` puts it back")


@click.command
@click.argument("code")
def reactivate(code: str) -> None:
    """Put a retired placement back to use."""
    with placement(open_house(), code) as (session, found):
        life.reactivate(session, found, utcnow(), WHO)
    click.echo(f"{found.code} is in use")


@click.command
@click.argument("code")
def pause(code: str) -> None:
    """Expect no visits of it for a while. It lands and counts as ever."""
    with placement(open_house(), code) as (session, found):
        life.pause(session, found, utcnow(), WHO)
    click.echo(f"{found.code} is paused; `vestibule source resume {found.code}` ends that")


@click.command
@click.argument("code")
def resume(code: str) -> None:
    """Expect visits of it again."""
    with placement(open_house(), code) as (session, found):
        life.resume(session, found, utcnow(), WHO)
    click.echo(f"{found.code} is in use")


@click.command
@click.argument("code")
@click.argument("target", required=False)
def point(code: str, target: str | None) -> None:
    """Let its printed code land and count as TARGET; without one, as itself again."""
    with placement(open_house(), code) as (session, found):
        other = own_source(session, target) if target else None
        life.point(session, found, other, utcnow(), WHO)
    click.echo(f"{found.code} lands as {other.code if other else 'itself'}")


@click.command
@click.argument("code")
@click.argument("into")
def merge(code: str, into: str) -> None:
    """Show its past in the row of INTO, where its printed code lands from now on."""
    with placement(open_house(), code) as (session, found):
        other = own_source(session, into)
        life.merge(session, found, other, utcnow(), WHO)
    click.echo(f"{found.code} is merged into {other.code}; `vestibule source part {found.code}` takes that back")


@click.command
@click.argument("code")
def part(code: str) -> None:
    """Take a merge back: its past is its own again."""
    with placement(open_house(), code) as (session, found):
        life.part(session, found, utcnow(), WHO)
    click.echo(f"{found.code} stands by itself")


@click.command
@click.argument("venue_code")
@click.option("--kind", type=click.Choice(SOURCE_KINDS), default="table_tent", show_default=True, help="What they are.")
@click.option("--label", "pattern", default="Стол {n}", show_default=True, help="Their names; {n} is the number.")
@click.option("--first", type=click.IntRange(0), default=1, show_default=True, help="The first number.")
@click.option("--last", type=click.IntRange(0), required=True, help="The last number; at most 200 at once.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def batch(venue_code: str, kind: str, pattern: str, first: int, last: int, as_json: bool) -> None:
    """Make numbered placements, all or none: a code for every table."""
    house = open_house()
    with house.database.writing() as session:
        made = batches.create(session, own_venue(session, venue_code), kind, pattern, first, last, utcnow(), WHO)
    base = house.settings.base_url
    show([{"code": row.code, "label": row.label, "link": f"{base}/s/{row.code}"} for row in made], as_json)


LIFE = (pause, resume, point, merge, part, retire, reactivate, batch)
