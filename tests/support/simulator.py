"""The pretend router of a test, in a thread, and a fake phone's way through it."""

import contextlib
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from portal.core.config import Settings
from portal.core.db import Database
from portal.gateways.simulated_router.nas import Hooks
from portal.gateways.simulated_router.router import Router
from portal.gateways.simulated_router.server import RouterServer
from portal.gateways.simulator import sign_arrival
from portal.venues.models import GatewayConfig
from radius_hooks.replay import store_what_waits
from radius_hooks.spool import Spool
from tests.support.house import House


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, redirects not followed."""

    status: int
    location: str
    body: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kw: Any) -> None:
        return None


def fetch(url: str, body: bytes | None = None) -> Answer:
    """GET, or POST with a body."""
    try:
        with urllib.request.build_opener(_Stay).open(urllib.request.Request(url, data=body), timeout=10) as response:
            return Answer(response.status, "", response.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get("Location", ""), error.read().decode())


@dataclass(frozen=True)
class ReadAtOnce(Hooks):
    """What is written down is stored before the router goes on, for tests that look at the database next."""

    database: Database | None = None

    def account(self, attributes: dict[str, str | int], at: float) -> None:
        """Write it down, then run the reader."""
        super().account(attributes, at)
        assert self.database is not None
        store_what_waits(Spool(self.spool), self.database)


@contextlib.contextmanager
def simulated_router(
    settings: Settings,
    database: Database,
    house: House,
    hooks_url: str,
    portal_url: str,
    clock: Callable[[], float] = time.time,
    port: int = 0,
) -> Iterator[RouterServer]:
    """The router of the house's gateway. `.url` is its address; the gateway's stored base_url is set to it."""
    secret = settings.radius_hook_secret.get_secret_value()
    hooks = ReadAtOnce(hooks_url, secret, house.nas_name, settings.accounting_spool, database)
    with database.writing() as session:
        gateway = session.get_one(GatewayConfig, house.gateway_id)
        server = RouterServer(Router(portal_url, house.venue_code, gateway.secret, hooks, clock), "127.0.0.1", port)
        gateway.base_url = server.url
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def signed_redirect(database: Database, house: House, mac: str, at: datetime) -> str:
    """The path of the gateway's redirect of a device, as the pretend router signs it."""
    with database.reading() as session:
        secret = session.get_one(GatewayConfig, house.gateway_id).secret
    values = {"mac": mac, "ip": "10.0.0.9", "url": "", "ts": str(int(at.timestamp()))}
    return f"/wifi/{house.venue_code}?{urlencode({**values, 'sig': sign_arrival(secret, values)})}"
