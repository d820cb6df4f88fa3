"""`vestibule venue gateway`: what stands between a venue's guests and the internet."""

from typing import Any

import click
from sqlalchemy.orm import Session

from portal.cli.house import open_house, show
from portal.core.clock import utcnow
from portal.gateways.registry import gateway as kind_of
from portal.gateways.registry import kinds
from portal.venues import gateways as rows
from portal.venues import signs
from portal.venues.directory import gateways_of, venue_by_code
from portal.venues.models import GatewayConfig, Venue

_WORDS = {
    "redirect": "a phone was sent to the portal",
    "radius": "the router asked over RADIUS",
    "online": "a guest came online",
    "accounting": "the router reports sessions",
    "disconnect": "a device was cut off on our word",
}
_OVER_RADIUS = ("radius", "accounting")
_uplink_options = (
    click.option("--nas-address", help="Where its RADIUS packets come from; empty: it changes, and gets ports of its own."),
    click.option("--behind-nat/--reachable", default=None, help="Can nothing be sent to the router?"),
)


@click.group("gateway")
def gateway() -> None:
    """Gateways of a venue: add, list, show, check, edit, rotate, remove."""


@gateway.command("kinds")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def kinds_(as_json: bool) -> None:
    """Every kind with its options."""
    found = [(kind, option) for kind in kinds() for option in (kind_of(kind).options or (None,))]
    show(
        [
            {
                "kind": kind, "option": option and option.name, "default": option and str(option.default),
                "choices": option and ("yes, no" if option.shape == "switch" else ", ".join(option.choices)),
            }
            for kind, option in found
        ],
        as_json,
    )  # fmt: skip


@gateway.command("add")
@click.argument("code")
@click.option("--kind", type=click.Choice(sorted(kinds())), required=True, help="What the router is.")
@click.option("--url", required=True, help="Its address for guests' browsers (UniFi: for this server): scheme://host:port.")
@click.option("--option", "-o", "given", multiple=True, metavar="NAME=VALUE", help="The kind's own; see `gateway kinds`.")
@_uplink_options[0]
@_uplink_options[1]
def add(code: str, kind: str, url: str, given: tuple[str, ...], nas_address: str | None, behind_nat: bool | None) -> None:
    """Add a gateway and print what to put into the router, with its secrets."""
    house = open_house()
    with house.database.writing() as session:
        venue = _venue(session, code)
        uplink = rows.read_uplink(session, nas_address or "", bool(behind_nat)) if kind_of(kind).uses_radius else None
        made = rows.add(session, venue, kind, url, _read(given), uplink, utcnow())
        pastes = rows.pastes(house.settings, venue, made, rows.nas_of(session, made.id))
    click.echo(f"gateway {made.id} of {code}; its secrets are in what follows")
    _print(pastes)
    click.echo(f"Then look whether it works: vestibule venue gateway check {code} {made.id}", err=True)


@gateway.command("list")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(code: str, as_json: bool) -> None:
    """The venue's gateways. Secrets are left out."""
    with open_house().database.reading() as session:
        found = []
        for one in gateways_of(session, _venue(session, code).id):
            seen, nas = signs.seen(session, one.id), rows.nas_of(session, one.id)
            online = seen["online"].last_at if "online" in seen else None
            found.append({"id": one.id, "kind": one.kind, "url": one.base_url, "nas": nas and nas.name, "last_online": online})
    show(found, as_json)


@gateway.command("show")
@click.argument("code")
@click.argument("number", type=int)
def show_(code: str, number: int) -> None:
    """Print what to put into the router again, with its secrets."""
    house = open_house()
    with house.database.reading() as session:
        venue, one = _found(session, code, number)
        pastes = rows.pastes(house.settings, venue, one, rows.nas_of(session, one.id))
    _print(pastes)


@gateway.command("check")
@click.argument("code")
@click.argument("number", type=int)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(code: str, number: int, as_json: bool) -> None:
    """What was seen to work, in UTC; ends with 1 while something is missing."""
    with open_house().database.reading() as session:
        _venue_of, one = _found(session, code, number)
        seen = signs.seen(session, one.id)
    wanted = [sign for sign in _WORDS if kind_of(one.kind).uses_radius or sign not in _OVER_RADIUS]
    found = [(sign, seen.get(sign)) for sign in wanted]
    show(
        [{"sign": _WORDS[sign], "first": row and row.first_at, "last": row and row.last_at} for sign, row in found],
        as_json,
    )
    if not all(row for _sign, row in found):
        click.echo("what to do is said in the dashboard: Settings, Wi-Fi, Gateways", err=True)
        raise SystemExit(1)


@gateway.command("edit")
@click.argument("code")
@click.argument("number", type=int)
@click.option("--url", help="Another address.")
@click.option("--option", "-o", "given", multiple=True, metavar="NAME=VALUE", help="The kind's own; the others stay.")
@_uplink_options[0]
@_uplink_options[1]
def edit(
    code: str, number: int, url: str | None, given: tuple[str, ...], nas_address: str | None, behind_nat: bool | None
) -> None:
    """Change what is named; the rest stays, the secrets too."""
    with open_house().database.writing() as session:
        venue, one = _found(session, code, number)
        rows.change(session, one, venue.code, url or one.base_url, {**one.options, **_read(given)})
        nas = rows.nas_of(session, one.id)
        if nas is not None and (nas_address is not None or behind_nat is not None):
            closed = nas.coa_address == "" if behind_nat is None else behind_nat
            kept = rows.Uplink(nas.address, nas.port, closed)
            rows.move(session, nas, kept if nas_address is None else rows.read_uplink(session, nas_address, closed))
    click.echo(f"changed; what to put into the router: vestibule venue gateway show {code} {number}")


@gateway.command("rotate")
@click.argument("code")
@click.argument("number", type=int)
def rotate(code: str, number: int) -> None:
    """Make new secrets and print what to put into the router: until it has them, nobody comes online."""
    house = open_house()
    with house.database.writing() as session:
        venue, one = _found(session, code, number)
        rows.rotate(session, one)
        pastes = rows.pastes(house.settings, venue, one, rows.nas_of(session, one.id))
    _print(pastes)
    if kind_of(one.kind).uses_radius:
        click.echo("FreeRADIUS needs the new secret as well: vestibule radius config, then restart it", err=True)


@gateway.command("remove")
@click.argument("code")
@click.argument("number", type=int)
def remove(code: str, number: int) -> None:
    """Delete one that nobody ever came online through."""
    with open_house().database.writing() as session:
        _venue_of, one = _found(session, code, number)
        rows.remove(session, one)
    click.echo("deleted")


def _read(given: tuple[str, ...]) -> dict[str, Any]:
    pairs = [one.partition("=") for one in given]
    if wrong := [name for name, sign, _value in pairs if not sign]:
        raise click.ClickException(f"write options as NAME=VALUE, not {wrong[0]!r}")
    return {name: value for name, _sign, value in pairs}


def _venue(session: Session, code: str) -> Venue:
    found = venue_by_code(session, code)
    if found is None:
        raise click.ClickException(f"no venue {code}; `vestibule venue list` shows them")
    return found


def _found(session: Session, code: str, number: int) -> tuple[Venue, GatewayConfig]:
    venue = _venue(session, code)
    one = next((row for row in gateways_of(session, venue.id) if row.id == number), None)
    if one is None:
        raise click.ClickException(f"{code} has no gateway {number}; `vestibule venue gateway list {code}` shows them")
    return venue, one


def _print(pastes: Any) -> None:
    for paste in pastes:
        click.echo(f"\n----- {paste.where} -----\n{paste.text.rstrip()}")
