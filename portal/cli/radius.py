"""`vestibule radius`: FreeRADIUS configured, checked and tried; the routers it knows."""

import shutil
import subprocess
from pathlib import Path

import click
from sqlalchemy import select

from portal.cli import raddb, radius_trial
from portal.cli.house import House, open_house, progress
from portal.cli.radius_nas import nas_group, nas_named
from portal.gateways.simulated_router.nas import Hooks
from portal.venues.models import Nas


@click.group
def radius() -> None:
    """Configuration and checks of FreeRADIUS."""


radius.add_command(nas_group)


@radius.command
@click.option("--output", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write.")
@click.option("--listen", default="*", show_default=True, help="Address that FreeRADIUS listens on.")
@click.option("--auth-port", type=click.IntRange(1, 65535), default=1812, show_default=True, help="UDP port of Access-Request.")
@click.option(
    "--acct-port", type=click.IntRange(1, 65535), default=1813, show_default=True, help="UDP port of Accounting-Request."
)
def config(folder: Path, listen: str, auth_port: int, acct_port: int) -> None:
    """Write a FreeRADIUS 3.2 folder, ready to run.

    Routers that are added later are let in without a restart, except those that have a port of their own.
    """
    house = open_house()
    with house.database.reading() as session:
        routers = list(session.scalars(select(Nas).order_by(Nas.id)))
    threads = max(8, min(64, house.settings.web_workers * house.settings.web_threads))
    secret = house.settings.radius_hook_secret.get_secret_value()
    around = raddb.Surroundings(_hooks_url(house), secret, house.settings.accounting_spool, threads)
    written = raddb.write(folder, routers, around, raddb.Listening(listen, auth_port, acct_port))
    click.echo(f"{len(written)} files for {len(routers)} routers in {folder}, readable by you alone")
    click.echo(f"check: vestibule radius check {folder}\nstart: freeradius -f -d {folder.absolute()}")
    click.echo(f"accounting is written to {around.spool.absolute()} and stored by `vestibule serve`: run both as the same user")


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
        nas = nas_named(session, name)
    secret = house.settings.radius_hook_secret.get_secret_value()
    for line in (
        radius_trial.ask_hooks(Hooks(_hooks_url(house), secret, name, house.settings.accounting_spool)),
        radius_trial.ask_server(server, nas.secret),
    ):
        click.echo(line)


def _hooks_url(house: House) -> str:
    return f"http://127.0.0.1:{house.settings.hooks_port}"
