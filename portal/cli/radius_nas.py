"""`vestibule radius nas`: the routers that may ask."""

import ipaddress

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli import raddb, radius_tunnel
from portal.cli.house import open_house, show
from portal.core.clock import utcnow
from portal.venues import directory, routers, setup
from portal.venues.models import Nas, Venue


@click.group("nas")
def nas_group() -> None:
    """The routers that may ask."""


def nas_named(session: Session, name: str) -> Nas:
    """A known router, or an exit that says where to look."""
    found = session.scalar(select(Nas).where(Nas.name == name))
    if found is None:
        raise click.ClickException(f"no router is named {name!r}; see `vestibule radius nas list`")
    return found


@nas_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(as_json: bool) -> None:
    """Every known router. A secret is shown only when it is made."""
    house = open_house()
    wanted = select(Nas.name, Nas.address, Nas.port, Venue.code).join(Venue, Venue.id == Nas.venue_id).order_by(Nas.id)
    with house.database.reading() as session:
        rows = session.execute(wanted).all()
    show([{"name": name, "address": address, "port": port, "venue": code} for name, address, port, code in rows], as_json)


@nas_group.command
@click.option("--venue", "code", required=True, help="The venue's code.")
@click.option("--name", required=True, help="Letters, digits, dot, dash; unique.")
@click.option("--address", default="", help="Address or network that its packets come from.")
@click.option("--roaming", is_flag=True, help="Its address changes: give it a port of its own instead.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def add(code: str, name: str, address: str, roaming: bool, as_json: bool) -> None:
    """Let a router ask; prints its new RADIUS secret."""
    _check(name, address, roaming)
    house = open_house()
    with house.database.writing() as session:
        venue = directory.venue_by_code(session, code)
        if venue is None:
            raise click.ClickException(f"no venue has the code {code!r}; see `vestibule venue list`")
        if session.scalar(select(Nas.id).where(Nas.name == name)):
            raise click.ClickException(f"a router named {name!r} is known already; see `vestibule radius nas list`")
        if address and session.scalar(select(Nas.id).where(Nas.address == address, Nas.port.is_(None))):
            raise click.ClickException("another router's packets come from there: FreeRADIUS could not tell the two apart")
        port = routers.free_port(session) if roaming else None
        added = setup.add_nas(session, venue, name, address, utcnow(), port=port)
    show([{"name": name, "address": address, "port": port, "venue": code, "secret": added.secret}], as_json)
    click.echo(_next_step(added), err=True)


@nas_group.command
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def rotate(name: str, as_json: bool) -> None:
    """Make a router's RADIUS secret anew and print it. Its guests come online again when FreeRADIUS and the router have it."""
    with open_house().database.writing() as session:
        secret = routers.new_secret(session, nas_named(session, name))
    show([{"name": name, "secret": secret}], as_json)
    click.echo("next: vestibule radius config, then restart FreeRADIUS, and put the secret into the router", err=True)


@nas_group.command
@click.argument("name")
@click.option("--wireguard", "kind", flag_value="wireguard", help="Both ends of a WireGuard tunnel.")
@click.option("--radsec", "kind", flag_value="radsec", help="RADIUS over TLS, with certificates for both ends.")
@click.option("--server", required=True, help="Name or address of this machine as the router reaches it.")
@click.option("--inside", default="10.99.0.2", show_default=True, help="WireGuard: the router's address in the tunnel.")
def tunnel(name: str, kind: str | None, server: str, inside: str) -> None:
    """Print settings, in full and with fresh keys, that carry a router's RADIUS through the internet unseen.

    The keys are printed once and kept nowhere.
    """
    if kind is None:
        raise click.ClickException("say which: --wireguard or --radsec")
    house = open_house()
    with house.database.reading() as session:
        nas = nas_named(session, name)
    try:
        pieces = radius_tunnel.wireguard(nas, server, inside) if kind == "wireguard" else radius_tunnel.radsec(nas, server)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    for piece in pieces:
        click.echo(f"# ---- {piece.where}\n{piece.text}")


def _check(name: str, address: str, roaming: bool) -> None:
    if not raddb.CLIENT_NAME.match(name):
        raise click.ClickException("the name may hold letters, digits, dots, dashes and underscores, at most 60")
    if roaming:
        if address:
            raise click.ClickException("a router has an address or is --roaming, not both")
    elif not raddb.is_address(address):
        raise click.ClickException(
            f"{address!r} is not an IP address or network, such as 192.0.2.7 or 192.0.2.0/24; "
            "one whose address changes is added with --roaming"
        )
    elif ipaddress.ip_network(address, strict=False).prefixlen == 0:
        raise click.ClickException("the whole internet is no network of a router: add it with --roaming, or through a tunnel")


def _next_step(nas: Nas) -> str:
    if nas.port is None:
        return "next: nothing; a running FreeRADIUS asks about its address within a second and lets it in"
    return (
        f"next: vestibule radius config, then restart FreeRADIUS (it opens ports only at its start), and open UDP {nas.port} "
        f"(authentication) and {nas.port + 1} (accounting)"
    )
