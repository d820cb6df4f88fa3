"""`vestibule source cost`: what placements cost."""

from datetime import datetime

import click

from portal.acquisition import costs
from portal.acquisition.models import SourceCost
from portal.cli.house import open_house, show
from portal.cli.placement import own_source, placement
from portal.core.clock import utcnow

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group
def cost() -> None:
    """What a placement cost: once, by the piece, or for a number of days."""


@cost.command("list")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(code: str, as_json: bool) -> None:
    """The costs of a placement, the newest first."""
    house = open_house()
    with house.database.reading() as session:
        rows = costs.of_source(session, own_source(session, code))
    show([_shown(row) for row in rows], as_json)


@cost.command
@click.argument("code")
@click.option("--once", type=click.IntRange(1), help="Kopecks in all, on one day.")
@click.option("--each", type=click.IntRange(1), help="Kopecks of one piece; with --pieces.")
@click.option("--pieces", type=click.IntRange(1), help="How many pieces.")
@click.option("--days", type=click.IntRange(1), help="Kopecks of all days from --from to --to together, spread evenly.")
@click.option("--from", "first", type=_DAY, required=True, help="The day, or the first one: 2026-11-22.")
@click.option("--to", "last", type=_DAY, help="The last day; with --days.")
@click.option("--note", default="", help="What it was for.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def add(
    code: str,
    once: int | None,
    each: int | None,
    pieces: int | None,
    days: int | None,
    first: datetime,
    last: datetime | None,
    note: str,
    as_json: bool,
) -> None:
    """Write a cost down: give exactly one of --once, --each with --pieces, and --days with --to."""
    given = [kind for kind, kopecks in (("once", once), ("pieces", each), ("days", days)) if kopecks]
    if len(given) != 1 or (pieces is not None) != (given == ["pieces"]) or (last is not None) != (given == ["days"]):
        raise click.UsageError("give exactly one of --once, --each with --pieces, and --days with --to")
    kopecks = once or each or days or 0
    price = costs.Price(given[0], kopecks, first.date(), (last or first).date(), pieces or 1, note)
    with placement(open_house(), code) as (session, found):
        made = costs.add(session, found, price, utcnow())
    show([_shown(made)], as_json)


@cost.command
@click.argument("code")
@click.argument("cost_id", type=int)
def remove(code: str, cost_id: int) -> None:
    """Take a wrong cost back: its number stands in `vestibule source cost list`."""
    with placement(open_house(), code) as (session, found):
        wrong = costs.find(session, found, cost_id)
        if wrong is None:
            raise click.ClickException(
                f"{found.code} has no cost {cost_id}: `vestibule source cost list {found.code}` shows them"
            )
        costs.remove(session, wrong)
    click.echo(f"cost {cost_id} is taken back")


def _shown(row: SourceCost) -> dict[str, object]:
    names = ("id", "kind", "kopecks", "pieces", "first_day", "last_day", "note")
    return {**{name: getattr(row, name) for name in names}, "total_kopecks": row.kopecks * row.pieces}
