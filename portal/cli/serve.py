"""`vestibule serve`: the whole product in the foreground."""

import os
import socket
import sys
import urllib.error
import urllib.request

import click
from sqlalchemy import select

from portal.cli.guide import guide
from portal.cli.house import House, open_house
from portal.cli.supervision import Program, Supervisor
from portal.core import metrics, migrations
from portal.core.address import with_port
from portal.venues.models import GatewayConfig, Nas, Venue

_GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf")


@click.command
@click.option("--no-router", is_flag=True, help="In the demo: leave the pretend router out.")
def serve(no_router: bool) -> None:
    """Run the portal, the RADIUS hooks and the worker until Ctrl-C; one that ends stops all.

    The address is VESTIBULE_HOST and VESTIBULE_PORT; the hooks take the next port, the demo's pretend router the one after.
    """
    house = open_house()
    _check_schema(house)
    programs = _programs(house, with_router=house.settings.demo and not no_router)
    _check_ports(house, [program.port for program in programs if program.port])
    environment = {
        **os.environ,
        "VESTIBULE_DATA_DIR": str(house.settings.data_dir.absolute()),
        metrics.FOLDER_VARIABLE: str(metrics.fresh_folder(house.settings.data_dir)),
    }
    code = Supervisor(programs, environment).run(lambda: _announce(house))
    if code:
        raise click.ClickException("a part of the product ended by itself: see its last lines above, then `vestibule doctor`")


def _programs(house: House, with_router: bool) -> list[Program]:
    settings = house.settings
    python = sys.executable
    portal = (*_GUNICORN, "-b", with_port(settings.host, settings.port), "portal.wsgi:app")
    hooks = (*_GUNICORN, "-b", f"127.0.0.1:{settings.hooks_port}", "radius_hooks.wsgi:app")
    found = [
        Program("portal", portal, settings.port),
        Program("radius hooks", hooks, settings.hooks_port),
        Program("accounting", (python, "-m", "radius_hooks.replay")),
        Program("worker", (python, "-m", "portal", "worker")),
    ]
    return [*found, *_pretend_router(house)] if with_router else found


def _pretend_router(house: House) -> list[Program]:
    """A router for the demo's first venue that has a simulated gateway; none when there is no such venue."""
    settings = house.settings
    wanted = (
        select(Venue.code, GatewayConfig.secret, Nas.name)
        .join_from(Venue, GatewayConfig)
        .join(Nas, Nas.gateway_id == GatewayConfig.id)
    )
    with house.database.reading() as session:
        found = session.execute(wanted.where(GatewayConfig.kind == "simulator").order_by(Venue.id)).first()
    if found is None:
        return []
    venue, secret, nas = found
    command = [sys.executable, "-m", "portal.gateways.simulated_router", "--port", str(settings.simulator_port)]
    command += ["--portal-url", settings.base_url, "--hooks-url", f"http://127.0.0.1:{settings.hooks_port}"]
    command += ["--venue", venue, "--nas", nas, "--spool", str(settings.accounting_spool)]
    hook = settings.radius_hook_secret.get_secret_value()
    secrets = {"SIMULATOR_GATEWAY_SECRET": secret, "VESTIBULE_RADIUS_HOOK_SECRET": hook}
    return [Program("pretend router", command, settings.simulator_port, secrets)]


def _check_schema(house: House) -> None:
    if not migrations.is_current(house.database.engine):
        raise click.ClickException("the database is behind the program: run `vestibule migrate`, then start again")


def _check_ports(house: House, ports: list[int]) -> None:
    settings = house.settings
    for port in ports:
        if not _is_free(settings.host if port == settings.port else "127.0.0.1", port):
            raise click.ClickException(
                f"port {port} is taken: stop what uses it, or choose another, as in `PORT={settings.port + 10} make run`"
            )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _announce(house: House) -> bool:
    """Print where to look, once the portal says that it is ready. False: not yet."""
    url = f"http://{with_port(house.settings.host, house.settings.port)}/readyz"
    host = sorted(house.settings.hosts)[0]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": host}), timeout=1):
            pass
    except (urllib.error.URLError, OSError):
        return False
    for line in guide(house):
        click.echo(line)
    sys.stdout.flush()
    return True
