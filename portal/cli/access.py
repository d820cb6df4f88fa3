"""`vestibule access`: phones and devices that the Wi-Fi refuses."""

import getpass
import sys

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access import blocks
from portal.cli.house import open_house, show
from portal.core.clock import utcnow
from portal.core.mac import Mac, parse_mac
from portal.core.phone import Phone, PhoneRefused, parse_phone, phone_from_e164
from portal.venues.directory import venue_by_code
from portal.venues.models import LegalEntity


@click.group
def access() -> None:
    """Phones and devices that the Wi-Fi refuses."""


@access.command("block")
@click.option("--venue", "venue_code", required=True, help="Any venue of the legal entity: the block holds at all of them.")
@click.option("--phone-stdin", is_flag=True, help="The guest's, read from standard input: all its devices go offline.")
@click.option("--mac", help="Of the device, in any usual writing.")
@click.option("--reason", required=True, help="For the colleagues; guests never see it.")
def block(venue_code: str, phone_stdin: bool, mac: str | None, reason: str) -> None:
    """Refuse a phone, a device or both, from now on, and put them offline."""
    house, phone = open_house(), _typed() if phone_stdin else None
    with house.database.writing() as session:
        entity, regions = _entity(session, venue_code)
        made, ended = blocks.block(
            session, entity, phone=_phone(phone, regions) if phone else None, mac=_mac(mac) if mac else None, reason=reason,
            staff_name=getpass.getuser(), now=utcnow(),
        )  # fmt: skip
    click.echo(f"block {made.id} in force; {len(ended)} grants ended")


@access.command("unblock")
@click.argument("number", type=int)
def unblock(number: int) -> None:
    """Take a block back by its number (see `list`)."""
    with open_house().database.writing() as session:
        everyone = list(session.scalars(select(LegalEntity.id)))
        blocks.unblock(session, everyone, number, utcnow())
    click.echo(f"block {number} is over")


@access.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(as_json: bool) -> None:
    """Blocks in force. Phones are shown under a mask."""
    with open_house().database.reading() as session:
        found = blocks.in_force(session, list(session.scalars(select(LegalEntity.id))))
        rows = [
            {
                "number": one.id,
                "legal_entity": one.legal_entity_id,
                "phone": phone_from_e164(one.phone).masked if one.phone else "",
                "mac": str(Mac(one.mac)) if one.mac else "",
                "reason": one.reason,
                "by": one.staff_name,
                "since": one.created_at,
            }
            for one in found
        ]
    show(rows, as_json)


def _entity(session: Session, venue_code: str) -> tuple[LegalEntity, tuple[str, ...]]:
    venue = venue_by_code(session, venue_code)
    if venue is None:
        raise click.ClickException(f"there is no venue {venue_code}: see `vestibule venue list`")
    return venue.legal_entity, tuple(venue.regions)


def _typed() -> str:
    """Never an argument: those stay in the shell's history, and every process can read them."""
    return click.prompt("Phone", type=str) if sys.stdin.isatty() else sys.stdin.readline()


def _phone(typed: str, regions: tuple[str, ...]) -> Phone:
    try:
        return parse_phone(typed, regions)
    except PhoneRefused as error:
        raise click.ClickException("this is no mobile number: type it whole, such as +7 903 123-45-67") from error


def _mac(typed: str) -> Mac:
    try:
        return parse_mac(typed)
    except ValueError as error:
        raise click.ClickException("this is no MAC address: type it like 02:aa:bb:cc:dd:01") from error
