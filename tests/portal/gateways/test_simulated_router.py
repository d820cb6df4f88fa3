"""The pretend router behaves like one: blocked before, asks RADIUS, online after, cut off by time and by word."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import select

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.gateways.base import ApiCall, GatewaySettings, Knock, LetIn
from portal.gateways.registry import gateway
from portal.gateways.simulated_router.server import RouterServer
from portal.venues.models import GatewayConfig
from tests.support.access import PHONE_MAC, log_in, make_grant, make_visit
from tests.support.house import House
from tests.support.radius import free_port, serve_hooks
from tests.support.simulator import Answer, fetch, simulated_router

PORTAL = "http://portal.test"


class Clock:
    """One clock for the router, the hooks and the portal's side of the test."""

    def __init__(self, now: datetime) -> None:
        self.at = now.timestamp()

    def __call__(self) -> float:
        return self.at

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)


@pytest.fixture
def clock(now: datetime) -> Clock:
    """Stands still until the test moves it."""
    return Clock(now)


@pytest.fixture
def router(settings: Settings, database: Database, house: House, clock: Clock) -> Iterator[RouterServer]:
    """The router in front of real hooks."""
    with (
        serve_hooks(settings, database, clock.now) as hooks_url,
        simulated_router(settings, database, house, hooks_url, PORTAL, clock) as server,
    ):
        yield server


@pytest.fixture
def config(database: Database, house: House, router: RouterServer) -> GatewaySettings:
    """The gateway as the portal knows it."""
    with database.reading() as session:
        stored = session.get_one(GatewayConfig, house.gateway_id)
        return GatewaySettings(stored.kind, stored.base_url, stored.secret, house.venue_code)


@pytest.fixture
def grant(database: Database, house: House, now: datetime) -> AccessGrant:
    """A verified visit's grant for PHONE_MAC."""
    with database.writing() as session:
        return make_grant(session, house, now, visit_id=make_visit(session, house, now, verified=True))


def ticket_url(config: GatewaySettings, grant: AccessGrant, clock: Clock, mac: Mac | None = PHONE_MAC, password: str = "") -> str:
    user_name, right = log_in(grant, clock.now())
    let_in = LetIn(mac, user_name, password or right, grant.session_seconds, f"{PORTAL}/connected/x")
    return gateway("simulator").let_in(config, let_in, clock.now()).url


def is_online(router: RouterServer, mac: Mac = PHONE_MAC) -> bool:
    return bool(json.loads(fetch(f"{router.url}/state/{mac}").body)["online"])


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def sessions(database: Database) -> list[AccountingSession]:
    with database.reading() as session:
        return list(session.scalars(select(AccountingSession)))


def test_a_blocked_device_is_sent_to_the_portal_with_a_signature_that_the_portal_believes(
    router: RouterServer, config: GatewaySettings, clock: Clock, house: House
) -> None:
    joined = fetch(f"{router.url}/new", b"")
    assert joined.status == 303
    answer = fetch(f"{router.url}{joined.location}news/today?page=2")
    assert answer.status == 302
    asked = urlsplit(answer.location)
    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"{PORTAL}/wifi/{house.venue_code}"
    arrived = gateway("simulator").parse(Knock(PORTAL, asked.query, dict(parse_qsl(asked.query))), config, clock.now())
    assert arrived.vouched and arrived.mac is not None
    assert joined.location == f"/device/{arrived.mac}/"
    assert arrived.original_url == f"{router.url}{joined.location}news/today?page=2"


def test_a_ticket_opens_the_gateway_accounts_and_goes_back_to_the_portal(
    router: RouterServer, config: GatewaySettings, clock: Clock, database: Database, grant: AccessGrant
) -> None:
    assert not is_online(router)
    assert fetch(ticket_url(config, grant, clock)) == Answer(303, f"{PORTAL}/connected/x", "")
    assert is_online(router)
    assert "is online for" in fetch(f"{router.url}/device/{PHONE_MAC}/").body
    (row,) = sessions(database)
    assert (row.grant_id, row.mac, row.stopped_at) == (grant.id, PHONE_MAC.hex, None)
    with database.reading() as session:
        assert session.scalar(select(Visit.online_at)) == clock.now()


def test_a_ticket_is_good_once(router: RouterServer, config: GatewaySettings, clock: Clock, grant: AccessGrant) -> None:
    url = ticket_url(config, grant, clock)
    fetch(url)
    fetch(f"{router.url}/device/{PHONE_MAC}/leave", b"")
    assert fetch(url).status == 403
    assert not is_online(router)


def test_nobody_gets_in_without_the_hooks_accept_and_the_right_password(
    router: RouterServer, config: GatewaySettings, clock: Clock, database: Database, grant: AccessGrant
) -> None:
    other = Mac("02aabbccdd99")
    assert fetch(ticket_url(config, grant, clock, password="wrong")).status == 403
    assert fetch(ticket_url(config, grant, clock, mac=other)).status == 403
    assert fetch(ticket_url(config, grant, clock, mac=None)).status == 403
    assert fetch(f"{router.url}/let-in/nonsense").status == 403
    stale = ticket_url(config, grant, clock)
    clock.at += 121
    assert fetch(stale).status == 403
    with database.writing() as session:
        grants.revoke(session, grant, "staff", clock.now())
    assert fetch(ticket_url(config, grant, clock)).status == 403
    assert not is_online(router) and not is_online(router, other)
    assert sessions(database) == []


def test_time_cuts_the_device_off_and_says_so(
    router: RouterServer, config: GatewaySettings, clock: Clock, database: Database, grant: AccessGrant
) -> None:
    fetch(ticket_url(config, grant, clock))
    clock.at += grant.session_seconds - 1
    assert is_online(router)
    clock.at += 1
    assert not is_online(router)
    assert fetch(f"{router.url}/device/{PHONE_MAC}/").status == 302
    assert eventually(lambda: sessions(database)[0].stopped_at is not None)
    (row,) = sessions(database)
    assert (row.terminate_cause, row.session_seconds) == ("Session-Timeout", grant.session_seconds)


def test_the_portal_puts_a_device_out(
    router: RouterServer, config: GatewaySettings, clock: Clock, database: Database, grant: AccessGrant
) -> None:
    fetch(ticket_url(config, grant, clock))
    assert fetch(f"{router.url}/put-out", b"forged.00").status == 403
    assert is_online(router)
    call = gateway("simulator").put_out(config, PHONE_MAC, clock.now())
    assert isinstance(call, ApiCall)
    with requests.Session() as http:
        assert gateway("simulator").carry_out(config, call, http).done
    assert not is_online(router)
    assert sessions(database)[0].terminate_cause == "Admin-Reset"
    assert fetch(f"{router.url}/put-out", call.facts["ticket"].encode()).status == 403


def test_hooks_that_are_away_let_nobody_in(
    settings: Settings, database: Database, house: House, clock: Clock, grant: AccessGrant
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with simulated_router(settings, database, house, away, PORTAL, clock) as server:
        config = GatewaySettings("simulator", server.url, server.router.secret, house.venue_code)
        assert fetch(ticket_url(config, grant, clock)).status == 504
        assert not is_online(server)


@pytest.mark.parametrize("path", ["/nothing", "/device/zz/", "/state/", "/device/ff:ff:ff:ff:ff:ff/", "/%00", "/let-in/"])
def test_odd_addresses_are_refused(router: RouterServer, path: str) -> None:
    assert fetch(router.url + path).status in (403, 404)


def test_it_runs_by_itself_and_ends_cleanly(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "portal.gateways.simulated_router", "--port", str(port), "--portal-url", PORTAL]
    command += ["--hooks-url", "http://127.0.0.1:1", "--venue", "teremok", "--nas", "teremok-nas", "--spool", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2 and "SIMULATOR_GATEWAY_SECRET" in refused.stderr
    secrets = {"SIMULATOR_GATEWAY_SECRET": "a" * 32, "VESTIBULE_RADIUS_HOOK_SECRET": "b" * 32}
    child = subprocess.Popen(command, env={**os.environ, **secrets}, stderr=subprocess.PIPE)
    try:
        assert eventually(lambda: _answers(port))
        assert "Pretend Wi-Fi router" in fetch(f"http://127.0.0.1:{port}/").body
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 0
        assert child.stderr is not None and b"Traceback" not in child.stderr.read()
    finally:
        child.kill()
        child.communicate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1):
            return True
    except OSError:
        return False
