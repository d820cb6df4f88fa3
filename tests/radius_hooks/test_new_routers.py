"""Routers that FreeRADIUS did not know at its start: added later, on a changing address, or never added at all."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.core.config import Settings
from portal.core.db import Database
from portal.venues import setup
from portal.venues.models import Nas, Venue
from tests.conftest import skip_or_fail
from tests.radius_hooks.conftest import Moment
from tests.support.house import House
from tests.support.radius import PrivateRadius, free_port, missing, serve_hooks

pytestmark = pytest.mark.freeradius


def add(database: Database, house: House, name: str, address: str, clock: Moment, port: int | None = None) -> Nas:
    with database.writing() as session:
        return setup.add_nas(session, session.get_one(Venue, house.venue_id), name, address, clock.now, port=port)


def ask_from(server: PrivateRadius, address: str, secret: str, what: str = "auth", signed: bool = True, port: int = 0) -> str:
    """A packet from an address of loopback."""
    lines = [f"Packet-Src-IP-Address = {address}", 'User-Name = "nobody"']
    lines += ['User-Password = "x"'] if what == "auth" else ["Acct-Status-Type = Start", 'Acct-Session-Id = "s1"']
    lines += ["Message-Authenticator = 0x00"] if signed else []
    return server.ask(port or (server.auth_port if what == "auth" else server.acct_port), what, *lines, secret=secret, tries=1)


def shorter(folder: Path) -> None:
    """What FreeRADIUS was told of a router holds for a second."""
    text = (folder / "clients.conf").read_text()
    (folder / "clients.conf").write_text(text.replace("lifetime = 120", "lifetime = 1"))


@pytest.fixture
def server(settings: Settings, database: Database, house: House) -> Iterator[tuple[PrivateRadius, int]]:
    """FreeRADIUS, and the port where its hooks are to be."""
    if missing():
        skip_or_fail(str(missing()))
    port = free_port()
    running = PrivateRadius(settings, database, f"http://127.0.0.1:{port}", edit=shorter)
    yield running, port
    running.stop()


def test_a_router_added_later_is_answered_without_a_restart_and_outlives_the_hooks(
    server: tuple[PrivateRadius, int], settings: Settings, database: Database, house: House, clock: Moment
) -> None:
    radius, port = server
    with serve_hooks(settings, database, clock, port):
        assert ask_from(radius, "127.0.0.77", "d" * 32) == ""
        added = add(database, house, "later", "127.0.0.0/24", clock)
        time.sleep(1.1)  # one new address a second
        assert ask_from(radius, "127.0.0.77", added.secret).startswith("Access-Reject")
        assert ask_from(radius, "127.0.0.77", added.secret, signed=False) == ""
        assert ask_from(radius, "127.0.0.77", "d" * 32) == ""
    for _ in range(3):  # each time FreeRADIUS has forgotten it, and the hooks are away
        time.sleep(1.5)
        assert ask_from(radius, "127.0.0.77", added.secret, "acct").startswith("Accounting-Response")
    assert b" later {" in b"".join(file.read_bytes() for file in radius.spool.glob("detail-*"))


def test_unknown_addresses_cost_one_question_a_second(
    server: tuple[PrivateRadius, int], settings: Settings, database: Database, house: House, clock: Moment,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    radius, port = server
    caplog.set_level("INFO", "radius_hooks.clients")
    import socket

    with serve_hooks(settings, database, clock, port):
        began = time.monotonic()
        for number in range(200):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
                flood.bind((f"127.0.1.{number + 1}", 0))
                flood.sendto(b"\x01\x01\x00\x14" + bytes(16), ("127.0.0.1", radius.auth_port))
        assert ask_from(radius, "127.0.0.1", radius.secret).startswith("Access-Reject")  # a known one is not held up
        took = time.monotonic() - began
    assert 1 <= sum(record.message == "router asked for" for record in caplog.records) <= took + 2


def test_a_router_on_a_changing_address_has_a_port_of_its_own(
    settings: Settings, database: Database, house: House, clock: Moment
) -> None:
    if missing():
        skip_or_fail(str(missing()))
    own = free_port() & ~1
    added = add(database, house, "roaming-1", "", clock, port=own)
    with serve_hooks(settings, database, clock) as url:
        radius = PrivateRadius(settings, database, url)
        try:
            for address in ("127.0.0.1", "127.0.5.5"):
                assert ask_from(radius, address, added.secret, port=own).startswith("Access-Reject")
                assert ask_from(radius, address, added.secret, "acct", port=own + 1).startswith("Accounting-Response")
            assert ask_from(radius, "127.0.5.5", radius.secret, port=own) == ""
            assert ask_from(radius, "127.0.5.5", added.secret, signed=False, port=own) == ""
            assert ask_from(radius, "127.0.5.5", added.secret) == ""  # the common port knows it not
            assert b" roaming-1 {" in b"".join(file.read_bytes() for file in radius.spool.glob("detail-*"))
        finally:
            radius.stop()
