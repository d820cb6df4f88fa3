"""`vestibule report`: the sums behind the reports."""

import sys

import click
from sqlalchemy import select

from portal.cli.house import open_house, progress, show
from portal.cli.report_letters import show_alerts, show_weekly
from portal.core.clock import utcnow
from portal.core.db import Database
from portal.jobs import sums
from portal.reporting import closing
from portal.reporting.models import RollupState
from portal.venues.models import Venue


@click.group()
def report() -> None:
    """The sums behind the reports: kept by the worker, checked every night. And what the letters about them say."""


report.add_command(show_weekly)
report.add_command(show_alerts)


@report.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(as_json: bool) -> None:
    """Count every settled day anew and compare; changes nothing, exits 1 when anything differs."""
    database = open_house().database
    with progress("comparing the sums with the visits"):
        found = sums.check_all(database, utcnow(), repair=False)
    codes = _codes(database)
    show(
        [
            {"venue": codes[venue_id], "rows_differ": drift.rows, "days": " ".join(day.isoformat() for day in drift.days)}
            for venue_id, drift in found.items()
        ],
        as_json,
    )
    if any(drift.rows for drift in found.values()):
        click.echo("Build them again with: vestibule report rebuild", err=True)
        sys.exit(1)


@report.command()
@click.option("--venue", "venue_code", help="Only this venue, by its code.")
def rebuild(venue_code: str | None) -> None:
    """Build all sums again from the visits. Reports stay right meanwhile, only slower."""
    database = open_house().database
    codes = _codes(database)
    wanted = [venue_id for venue_id, code in codes.items() if venue_code in (None, code)]
    if not wanted:
        raise click.ClickException(f"no venue {venue_code!r}; list them with: vestibule venue list")
    with database.writing() as session:
        for venue_id in session.scalars(select(RollupState.venue_id).where(RollupState.venue_id.in_(wanted))).all():
            closing.mark_all(session, venue_id)
    built = 0
    with progress("building the sums"):
        while more := sums.keep_up(database, utcnow()):
            built += more
    click.echo(f"{built} months built")


def _codes(database: Database) -> dict[int, str]:
    with database.reading() as session:
        return {venue_id: code for venue_id, code in session.execute(select(Venue.id, Venue.code).order_by(Venue.id))}
