"""`vestibule privacy`: retention, what is known of a phone, erasure, and the acts that prove it."""

import csv
import io
import json
import sys
from dataclasses import asdict, fields, is_dataclass
from datetime import date
from typing import Any

import click
from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy import inspect

from portal.cli.house import House, open_house, progress, show
from portal.consent.models import ConsentDocument
from portal.core.clock import utcnow
from portal.core.db import Base
from portal.core.phone import PhoneRefused, parse_phone
from portal.privacy import acts, erasure, retention
from portal.privacy.known import known_of
from portal.privacy.patience import patiently
from portal.venues.models import LegalEntity


@click.group()
def privacy() -> None:
    """Retention, erasure, what is known of a phone."""


@privacy.command(name="retention")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def run_retention(as_json: bool) -> None:
    """Destroy everything whose term is over. The worker does it by itself every hour; running it twice does no harm."""
    house = open_house()
    with progress("retention"):
        finished = retention.run(house.database, house.settings, utcnow)
    show([asdict(ran) for ran in finished], as_json)


@privacy.command()
@click.option("--entity", type=int, required=True, help="Id of the legal entity (vestibule venue list).")
def known(entity: int) -> None:
    """Print as JSON everything an operator holds of a phone; the number is read from standard input, never from arguments."""
    house = open_house()
    phone = _phone(house, entity)
    with house.database.reading() as session:
        found = known_of(session, house.settings.keys, entity, phone, utcnow())
    click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2))


@privacy.command()
@click.option("--entity", type=int, required=True, help="Id of the legal entity (vestibule venue list).")
@click.option("--yes", is_flag=True, help="Do not ask; needed where no terminal is attached.")
def erase(entity: int, yes: bool) -> None:
    """Erase a person by phone (read from standard input) and end their access. Prints the act's number."""
    house = open_house()
    phone = _phone(house, entity)
    if not yes and not click.confirm("Erase everything about this number? It cannot be undone"):
        raise click.ClickException("nothing was erased; answer y, or pass --yes")
    keys, now = house.settings.keys, utcnow()
    erased = patiently(house.database, lambda session: erasure.erase(session, keys, entity, phone, now))
    if erased.act is None:
        click.echo("nothing is known of this number")
        return
    click.echo(
        f"act {erased.act.id}: {erased.act.total} rows destroyed; export its log with: vestibule privacy log {erased.act.id}"
    )


@privacy.command(name="acts")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_acts(as_json: bool) -> None:
    """List acts of destruction, the newest first."""
    house = open_house()
    with house.database.reading() as session:
        found = acts.list_acts(session)
    names = ("id", "legal_entity_id", "rule", "reason", "cutoff", "started_at", "finished_at", "total")
    show([{name: getattr(act, name) for name in names} for act in found], as_json)


@privacy.command(name="log")
@click.argument("act", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of CSV.")
def export_log(act: int, as_json: bool) -> None:
    """Export the log of an act: one line per destroyed row, for the operator's file (kept three years)."""
    house = open_house()
    with house.database.reading() as session:
        if acts.by_id(session, act) is None:
            raise click.ClickException(f"there is no act {act}; see `vestibule privacy acts`")
        for row in acts.log_of(session, act):
            values = {"act": act, "table": row.table_name, "row": row.row_id, "what": row.what, "at": row.at.isoformat()}
            click.echo(json.dumps(values) if as_json else _csv_line(values))


def _phone(house: House, entity: int) -> str:
    with house.database.reading() as session:
        if session.get(LegalEntity, entity) is None:
            raise click.ClickException(f"there is no legal entity {entity}; see `vestibule venue list`")
    typed = click.prompt("Phone") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return parse_phone(typed, tuple(SUPPORTED_REGIONS)).e164
    except PhoneRefused as refused:
        raise click.ClickException(f"the number was not understood ({refused.reason}); type it whole, such as +7 9…") from None


def _csv_line(values: dict[str, Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values.values())
    return line.getvalue()


def _plain(value: Any) -> Any:
    """Rows and dataclasses as JSON; of a document its name and hash, for its text has a page of its own."""
    if isinstance(value, ConsentDocument):
        return {name: getattr(value, name) for name in ("kind", "language", "version", "title", "sha256")}
    if isinstance(value, Base):
        return {column.key: _plain(getattr(value, column.key)) for column in inspect(type(value)).column_attrs}
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
