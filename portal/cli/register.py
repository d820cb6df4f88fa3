"""`vestibule register`: the Wi-Fi register for an official request, and who took what from it."""

import getpass
import os
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from phonenumbers import SUPPORTED_REGIONS
from sqlalchemy.orm import Session

from portal.cli.house import open_house, progress, show
from portal.core.clock import utcnow
from portal.core.i18n import LANGUAGES
from portal.core.mac import Mac, parse_mac
from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.privacy import register_export
from portal.privacy.register import Asked
from portal.privacy.register_export import Request
from portal.venues import directory
from portal.venues.models import LegalEntity

_new_file = click.Path(dir_okay=False, path_type=Path, exists=False)
_moment = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.group
def register() -> None:
    """Who used the Wi-Fi: kept for the register's term, handed over only on a request that is named."""


@register.command
@click.option("--entity", "entity_id", type=int, required=True, help="Id of the legal entity (vestibule venue list).")
@click.option("--request", "basis", required=True, help="Whose request it is, its number and date.")
@click.option("--phone-stdin", is_flag=True, help="By a phone, read from standard input, never from arguments.")
@click.option("--mac", help="By a device's MAC, in any writing.")
@click.option("--from", "begins", type=_moment, help="Not over before this moment, in the first venue's time zone.")
@click.option("--to", "ends", type=_moment, help="Begun before this moment.")
@click.option("--language", type=click.Choice(LANGUAGES), default="ru", show_default=True, help="Of the headings.")
@click.option("--output", "file", type=_new_file, required=True, help="ZIP file to write, for your eyes alone.")
def export(
    entity_id: int, basis: str, phone_stdin: bool, mac: str | None, begins: datetime | None, ends: datetime | None, language: str,
    file: Path,
) -> None:  # fmt: skip
    """Write a signed table by phone, MAC or time. The export itself is written down."""
    house = open_house()
    if file.exists():
        raise click.ClickException(f"{file} is there already: choose another name")
    phone, device = _phone() if phone_stdin else None, _mac(mac) if mac else None
    if not (phone or device or (begins and ends)):
        raise click.ClickException("say what is asked for: --phone-stdin, --mac, or --from and --to")
    with progress("exporting"), house.database.reading() as session:
        entity = _entity(session, entity_id)
        venues = directory.venues_of(session, entity.id)
        zone = ZoneInfo(venues[0].timezone if venues else "UTC")
        asked = Asked(phone, device, *(moment.replace(tzinfo=zone) if moment else None for moment in (begins, ends)))
        request = Request(asked, f"{getpass.getuser()} at the command line", basis, language)
        found = register_export.collect(session, entity, [venue.id for venue in venues], request)
    with house.database.writing() as session:
        content = register_export.export(session, house.settings, entity, found, request, utcnow())
    # Not before the commit: nothing leaves the house that is not written down.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    click.echo(f"written to {file}, and written down: `vestibule register exports`")


@register.command
@click.option("--entity", "entity_id", type=int, required=True, help="Id of the legal entity (vestibule venue list).")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def exports(entity_id: int, as_json: bool) -> None:
    """Who took what from the register, on whose request."""
    with open_house().database.reading() as session:
        found = register_export.latest(session, _entity(session, entity_id).id)
    names = ("id", "at", "who", "basis", "asked", "begins", "ends", "lines", "sha256")
    show([{name: getattr(row, name) for name in names} for row in found], as_json)


@register.command
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Check that the table of an exported file is the one that was signed."""
    try:
        seal = register_export.signed_by(file.read_bytes())
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise click.ClickException(f"{file} is not an export of the register") from error
    if seal is None:
        raise click.ClickException("the table or its seal was changed after signing: do not rely on it")
    click.echo(f"whole: {seal['lines']} lines, signed {seal['signed_at']} by key {seal['key_id']}")


def _entity(session: Session, entity_id: int) -> LegalEntity:
    found = session.get(LegalEntity, entity_id)
    if found is None:
        raise click.ClickException(f"there is no legal entity {entity_id}; see `vestibule venue list`")
    return found


def _phone() -> Phone:
    typed = click.prompt("Phone") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        return parse_phone(typed, tuple(SUPPORTED_REGIONS))
    except PhoneRefused as refused:
        raise click.ClickException(f"the number was not understood ({refused.reason}); type it whole, such as +7 9…") from None


def _mac(typed: str) -> Mac:
    try:
        return parse_mac(typed)
    except ValueError:
        raise click.ClickException("that is no MAC address; write it as 02:aa:bb:cc:dd:ee") from None
