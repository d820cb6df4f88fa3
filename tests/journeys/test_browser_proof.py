"""The status page in Chromium while the gateway swallows everything, and after it opened: with scripts and without."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from portal.access.models import AccessGrant
from portal.core.clock import utcnow
from portal.core.db import Database
from tests.conftest import make_settings
from tests.support import browsing
from tests.support.access import make_grant, make_visit
from tests.support.house import House
from tests.support.programs import free_ports
from tests.support.signups import World

PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"

pytestmark = pytest.mark.browser


@dataclass
class Uplink:
    """A port that takes connections and, as a gateway that drops packets, lets nothing through until it is opened."""

    to_port: int
    opened: threading.Event = field(default_factory=threading.Event)
    held: list[socket.socket] = field(default_factory=list)

    @contextlib.contextmanager
    def on(self, port: int) -> Iterator[None]:
        with socket.create_server(("127.0.0.1", port)) as server:
            threading.Thread(target=self._serve, args=(server,), daemon=True).start()
            yield
            for one in self.held:
                one.close()

    def _serve(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                asking, _ = server.accept()
                self.held.append(asking)
                if self.opened.is_set():
                    there = socket.create_connection(("127.0.0.1", self.to_port))
                    for one, other in ((asking, there), (there, asking)):
                        threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while said := one.recv(4096):
            other.sendall(said)
        other.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_picture_that_hangs_does_not_stop_the_page_from_looking_again(
    browser: Browser, tmp_path, database_url: str, database: Database, house: House, scripts: bool
) -> None:
    port = free_ports(2)
    far = port + 1
    settings = make_settings(tmp_path, database_url=database_url, port=port, proof_url=f"http://proof.localhost:{far}")
    world = World(settings, database, house)
    uplink = Uplink(port)
    with database.writing() as session:
        visit_id = make_visit(session, house, utcnow(), verified=True)
        make_grant(session, house, utcnow(), visit_id=visit_id)
    world.now = utcnow()
    path = f"/connected/{settings.keys.seal('connected', {'v': visit_id}, world.now)}"
    with browsing.served(world.app, port) as base, uplink.on(far):
        context = browser.new_context(java_script_enabled=scripts, user_agent=PHONE)
        page = context.new_page()
        looks: list[str] = []
        page.on("request", lambda asked: looks.append(asked.url) if asked.is_navigation_request() else None)
        page.goto(base + path, wait_until="commit")
        page.wait_for_timeout(6_000)
        assert len(looks) >= 3, "the page waits for a picture that never comes"
        expect(page.locator('[data-state="opening"]')).to_have_count(1)
        uplink.opened.set()
        expect(page.locator('[data-state="online"]')).to_have_count(1, timeout=10_000)
        context.close()
    with database.reading() as session:
        assert session.scalars(select(AccessGrant.online_evidence)).one() == "proof_image"
