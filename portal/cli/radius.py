"""`vestibule radius`: FreeRADIUS configured, checked and tried; the routers it knows."""

import shutil
import subprocess
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli import raddb, radius_trial
from portal.cli.house import House, open_house, progress, show
from portal.core.clock import utcnow
from portal.gateways.simulated_router.nas import Hooks
from portal.venues import directory, setup
from portal.venues.models import Nas, Venue


@click.group
def radius() -> None:
    """Configuration and checks of FreeRADIUS."""


@radius.command
@click.option("--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write.")
@click.option("--listen", default="*", show_default=True, help="Address that FreeRADIUS listens on.")
@click.option("--auth-port", type=click.IntRange(1, 65535), default=1812, show_default=True, help="UDP port of Access-Request.")
@click.option(
    "--acct-port", type=click.IntRange(1, 65535), default=1813, show_default=True, help="UDP port of Accounting-Request."
)
def config(folder: Path, listen: str, auth_port: int, acct_port: int) -> None:
    """Write a FreeRADIUS 3.2 folder, ready to run. Run it again after adding a router."""
    house = open_house()
    with house.database.reading() as session:
        routers = list(session.scalars(select(Nas).order_by(Nas.id)))
    written = raddb.write(
        folder,
        routers,
        _hooks_url(house),
        house.settings.radius_hook_secret.get_secret_value(),
        raddb.Listening(listen, auth_port, acct_port),
    )
    click.echo(f"{len(written)} files for {len(routers)} routers in {folder}, readable by you alone")
    click.echo(f"check: vestibule radius check {folder}\nstart: freeradius -f -d {folder.absolute()}")


@radius.command
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
def check(folder: Path) -> None:
    """Let FreeRADIUS itself read a written folder."""
    program = shutil.which("freeradius") or shutil.which("radiusd") or shutil.which("freeradius", path="/usr/sbin")
    if program is None:
        raise click.ClickException("FreeRADIUS is not installed: apt-get install freeradius freeradius-rest freeradius-utils")
    with progress("FreeRADIUS reads the folder"):
        tried = subprocess.run([program, "-CX", "-d", str(folder.absolute())], capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode:
        last = "\n".join(tried.stdout.splitlines()[-5:])
        raise click.ClickException(f"FreeRADIUS does not accept {folder}:\n{last}\nWrite it again: vestibule radius config")
    click.echo(f"{folder} is right")


@radius.command("test")
@click.option("--nas", "name", required=True, help="Name of a known router.")
@click.option("--server", default="127.0.0.1:1812", show_default=True, help="Address and port of FreeRADIUS.")
def test_(name: str, server: str) -> None:
    """Ask the hooks, then FreeRADIUS, about a user that does not exist: both must refuse."""
    house = open_house()
    with house.database.reading() as session:
        nas = _nas(session, name)
    secret = house.settings.radius_hook_secret.get_secret_value()
    for line in (radius_trial.ask_hooks(Hooks(_hooks_url(house), secret, name)), radius_trial.ask_server(server, nas.secret)):
        click.echo(line)


@radius.group("nas")
def nas_group() -> None:
    """The routers that may ask."""


@nas_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(as_json: bool) -> None:
    """Every known router. Secrets are shown only when a router is added."""
    house = open_house()
    with house.database.reading() as session:
        rows = session.execute(select(Nas.name, Nas.address, Venue.code).join(Venue, Venue.id == Nas.venue_id).order_by(Nas.id))
        show([{"name": name, "address": address, "venue": venue} for name, address, venue in rows], as_json)


@nas_group.command
@click.option("--venue", "code", required=True, help="The venue's code.")
@click.option("--name", required=True, help="Letters, digits, dot, dash; unique.")
@click.option("--address", required=True, help="Address or network that its packets come from.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def add(code: str, name: str, address: str, as_json: bool) -> None:
    """Let a router ask; prints its new RADIUS secret."""
    if not raddb.CLIENT_NAME.match(name):
        raise click.ClickException("the name may hold letters, digits, dots, dashes and underscores, at most 60")
    if not raddb.is_address(address):
        raise click.ClickException(f"{address!r} is not an IP address or network, such as 192.0.2.7 or 192.0.2.0/24")
    house = open_house()
    with house.database.writing() as session:
        venue = directory.venue_by_code(session, code)
        if venue is None:
            raise click.ClickException(f"no venue has the code {code!r}; see `vestibule venue list`")
        if session.scalar(select(Nas.id).where(Nas.name == name)):
            raise click.ClickException(f"a router named {name!r} is known already; see `vestibule radius nas list`")
        added = setup.add_nas(session, venue, name, address, utcnow())
    show([{"name": added.name, "address": added.address, "venue": code, "secret": added.secret}], as_json)
    click.echo("next: write the folder again (vestibule radius config) and restart FreeRADIUS", err=True)


def _hooks_url(house: House) -> str:
    return f"http://127.0.0.1:{house.settings.hooks_port}"


def _nas(session: Session, name: str) -> Nas:
    found = session.scalar(select(Nas).where(Nas.name == name))
    if found is None:
        raise click.ClickException(f"no router is named {name!r}; see `vestibule radius nas list`")
    return found
