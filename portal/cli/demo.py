"""`vestibule demo`: the demo organization, and an invented history for its charts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import click
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.acquisition.sources import list_for_venue
from portal.cli import demo_house
from portal.cli.house import House, open_house
from portal.core import migrations
from portal.core.clock import utcnow
from portal.reporting import annotations
from portal.reporting.demo_history import Past
from portal.reporting.models import Annotation
from portal.staff import accounts
from portal.venues.models import Organization, Venue

OWNER = "owner@samovar.example"
NOTED_BY = "vestibule demo"
_BATCH = 2000  # rows in one transaction: guests are not kept waiting


@dataclass(frozen=True, slots=True, repr=False)
class SeedResult:
    """What stands now. `password` is there only when it was just made: it is stored nowhere."""

    made: bool
    login: str
    password: str | None
    links: tuple[tuple[str, str], ...]


def seed(house: House, now: datetime) -> SeedResult:
    """Make the demo, or find it: a second run keeps everything and only follows a changed port."""
    with house.database.writing() as session:
        organization = demo_house.find(session)
        password = None
        if made := organization is None:
            organization = demo_house.build(session, house.settings, now)
            _, password = accounts.create(session, organization.id, OWNER, "Владелец (демо)", "owner", None, [], now)
        demo_house.follow_port(session, house.settings)
        links = [link for venue in _venues(session, organization) for link in _links(session, house.settings.base_url, venue)]
    return SeedResult(made, OWNER, password, (*links, ("Dashboard", f"{house.settings.base_url}/dashboard/")))


def invent(house: House, days: int, seed_number: int, now: datetime) -> int:
    """Replace the demo's invented visits and notes by those of the last `days` days. Returns how many visits."""
    with house.database.writing() as session:
        organization = demo_house.find(session)
        assert organization is not None
        session.execute(delete(Visit).where(Visit.organization_id == organization.id, Visit.synthetic))
        session.execute(delete(Annotation).where(Annotation.organization_id == organization.id, Annotation.who == NOTED_BY))
        venues = _venues(session, organization)
        pasts = [Past(venue, list_for_venue(session, venue.id), demo_house.TRIAL_LABEL, seed_number) for venue in venues]
        for past in pasts:
            _embellish(session, past, days, now)
    written = 0
    with click.progressbar(pasts, label="inventing visits", item_show_func=_name_of) as shown:
        for past in shown:
            for batch in _batches(past.rows(days, now)):
                with house.database.writing() as session:
                    session.execute(insert(Visit), batch)
                written += len(batch)
    return written


def _embellish(session: Session, past: Past, days: int, now: datetime) -> None:
    """What a café that has run for a while has beside its visits: printed sheets, and notes on the graph."""
    for source in list_for_venue(session, past.venue.id):
        if source.kind != "wifi":
            source.sheet_taken_at = source.sheet_taken_at or now
    for day, text in past.notes(days, now):
        annotations.add(session, past.venue, day, text, NOTED_BY, now)


@click.command
@click.option("--days", type=click.IntRange(1, 730), help="Also invent a history of so many days, in place of an earlier one.")
@click.option("--seed", "seed_number", type=int, default=1, show_default=True, help="The same number gives the same history.")
def demo(days: int | None, seed_number: int) -> None:
    """Make the demo: two cafés, their sources, documents, a router and an owner. Safe to repeat; the data stays.

    The password is printed once, when the owner is made; `vestibule staff reset` gives another.
    """
    house = open_house()
    if not house.settings.demo:
        raise click.ClickException("invented cafés and visits belong into a demo: set VESTIBULE_DEMO=true, or use `make run`")
    if not migrations.is_current(house.database.engine):
        raise click.ClickException("the database is behind the program: run `vestibule migrate` first")
    result = seed(house, utcnow())
    click.echo("The demo is made." if result.made else "The demo is there; its data was kept.")
    for label, url in result.links:
        click.echo(f"  {label:<56} {url}")
    if result.password:
        click.echo(f"  Sign in as {result.login} with the password {result.password} (shown once)")
    if days:
        written = invent(house, days, seed_number, utcnow())
        click.echo(f"  {written} visits of {days} days invented; reports call them synthetic")


def _venues(session: Session, organization: Organization) -> list[Venue]:
    return list(session.scalars(select(Venue).where(Venue.organization_id == organization.id).order_by(Venue.id)))


def _links(session: Session, base_url: str, venue: Venue) -> Iterator[tuple[str, str]]:
    for source in list_for_venue(session, venue.id):
        if source.kind != "wifi":
            yield f"{venue.name}: {source.label}", f"{base_url}/s/{source.code}"
    yield f"{venue.name}: ссылка с метками", f"{base_url}/v/{venue.code}?utm_source=telegram&utm_medium=social"


def _name_of(past: Past | None) -> str | None:
    return past.venue.name if past else None


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
