"""No device that was let in is ever turned away for want of a connection: real FreeRADIUS, real gunicorn, real PostgreSQL."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.migrations import migrate
from tests.conftest import make_settings, skip_or_fail
from tests.support.access import PHONE_MAC, make_grant
from tests.support.hooks_server import HooksServer
from tests.support.house import House, build_house
from tests.support.postgres import PrivatePostgres
from tests.support.postgres import missing as postgres_missing
from tests.support.programs import wait_until
from tests.support.radius import PrivateRadius, missing
from tests.support.radius_packets import ACCEPT, REJECT, Asked, access_request, ask_all

pytestmark = [pytest.mark.freeradius, pytest.mark.postgres]
BURST = 500


class Rig:
    """Everything real, on PostgreSQL of its own, with one device that was let in."""

    def __init__(self, folder: Path, server: PrivatePostgres, name: str) -> None:
        server.sql(f"CREATE DATABASE {name}")
        self.settings: Settings = make_settings(folder, database_url=server.url(name))
        self.database = Database(self.settings.url_of_database)
        migrate(self.database.engine)
        with self.database.writing() as session:
            self.house: House = build_house(session)
        with self.database.writing() as session:
            self.grant: AccessGrant = make_grant(session, self.house, utcnow())
        self.postgres = server

    def burst(
        self, radius: PrivateRadius, count: int = BURST, again_after: float = 3.0, tries: int = 8, gap: float = 0.0
    ) -> list[Asked]:
        """Many requests at once, PAP and CHAP by turns, asked again as routers ask."""
        user, password = login(self.grant)
        packets = [
            access_request(n, radius.secret, user, password, PHONE_MAC.dashes, chap=n % 2 == 1) for n in range(count)
        ]  # fmt: skip
        return ask_all(radius.auth_port, packets, again_after, tries, gap)


def login(grant: AccessGrant) -> tuple[str, str]:
    """What the device's router would send for this grant now."""
    made = grants.login(grant, utcnow())
    return made.user_name, made.password


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PrivatePostgres]:
    """A server that these tests may restart."""
    for reason in (missing(), postgres_missing()):
        if reason:
            skip_or_fail(reason)
    server = PrivatePostgres()
    yield server
    server.stop()


@pytest.fixture
def rig(tmp_path: Path, own_postgres: PrivatePostgres, request: pytest.FixtureRequest) -> Iterator[Rig]:
    name = "r" + re.sub(r"\W", "_", request.node.name)[:50].lower() + str(time.monotonic_ns() % 10**6)
    made = Rig(tmp_path, own_postgres, name)
    yield made
    made.database.engine.dispose()


@dataclass(frozen=True)
class Resting:
    """Servers that were busy once and have been left alone since."""

    rig: Rig
    radius: PrivateRadius
    since: float


@pytest.fixture(scope="module", autouse=True)
def resting(tmp_path_factory: pytest.TempPathFactory, own_postgres: PrivatePostgres) -> Iterator[Resting]:
    """Begins to rest before the first test of this file, so that the others pass the time."""
    rig = Rig(tmp_path_factory.mktemp("resting"), own_postgres, "resting")
    hooks = HooksServer(rig.settings)
    hooks.start()
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        assert_all_came_in(rig.burst(radius))
        yield Resting(rig, radius, time.monotonic())
    finally:
        radius.stop()
        hooks.stop()
        rig.database.engine.dispose()


def assert_all_came_in(asked: list[Asked]) -> None:
    codes = Counter(one.code for one in asked)
    assert codes == {ACCEPT: len(asked)}, codes


def test_a_cold_burst_right_after_a_restart_of_the_hooks(rig: Rig) -> None:
    hooks = HooksServer(rig.settings)
    hooks.start()
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        assert_all_came_in(rig.burst(radius))
        hooks.stop()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(rig.burst, radius)  # begins while nobody is there
            hooks.start(wait=False)
            assert_all_came_in(waiting.result())
        assert_all_came_in(rig.burst(radius))
    finally:
        radius.stop()
        hooks.stop()


def test_connections_that_the_hooks_close_at_the_wrong_moment(rig: Rig) -> None:
    """The hooks keep a connection for one second only and FreeRADIUS believes in it for long: each pause ends in a race."""
    hooks = HooksServer(rig.settings, "--keep-alive", "1")
    hooks.start()

    def forever(folder: Path) -> None:
        text = (folder / "rest.conf").read_text()
        (folder / "rest.conf").write_text(text.replace("idle_timeout = 10", "idle_timeout = 600"))

    radius = PrivateRadius(rig.settings, rig.database, hooks.url, edit=forever)
    try:
        for pause in (0.0, 0.9, 0.98, 1.0, 1.02, 1.1, 1.5):
            time.sleep(pause)
            assert_all_came_in(rig.burst(radius, 60))
    finally:
        radius.stop()
        hooks.stop()


def test_worker_processes_recycled_in_the_middle(rig: Rig) -> None:
    hooks = HooksServer(rig.settings)
    hooks.start()
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        threading.Timer(0.1, hooks.recycle).start()
        until = time.monotonic() + 4
        while time.monotonic() < until:
            assert_all_came_in(rig.burst(radius, 200))
        assert wait_until(lambda: hooks.log().count("Booting worker") >= 3, 20)
    finally:
        radius.stop()
        hooks.stop()


def test_the_database_restarted_in_the_middle(rig: Rig) -> None:
    hooks = HooksServer(rig.settings)
    hooks.start()
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        assert_all_came_in(rig.burst(radius, 100))
        rig.database.engine.dispose()
        stop = threading.Event()

        def keep_asking() -> list[int | None]:
            codes: list[int | None] = []
            while not stop.is_set():
                codes += [one.code for one in rig.burst(radius, 50, again_after=1.0)]
            return codes

        with ThreadPoolExecutor(1) as pool:
            asking = pool.submit(keep_asking)
            rig.postgres.restart(1.0)
            stop.set()
            assert REJECT not in Counter(asking.result())
        assert_all_came_in(rig.burst(radius))
    finally:
        radius.stop()
        hooks.stop()


def test_a_request_in_the_first_millisecond_of_a_second_is_answered_at_once(rig: Rig) -> None:
    """FreeRADIUS reads the time of a packet and the time now from two clocks, and one of them turns to the next second later."""
    hooks = HooksServer(rig.settings)
    hooks.start()
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        assert_all_came_in(rig.burst(radius, 32))
        for _ in range(5):
            time.sleep((0.999 - time.time()) % 1)
            assert_all_came_in(rig.burst(radius, 16, tries=1, gap=0.0001))
    finally:
        radius.stop()
        hooks.stop()


def test_in_overload_old_requests_are_dropped_before_new_ones(rig: Rig) -> None:
    """Hooks that take 0.8 s: some 20 answers a second, asked for 60. Routers wait 5 s, and no answer comes later than that."""
    hooks = HooksServer(rig.settings)
    hooks.start("tests.support.slow_hooks:app")
    radius = PrivateRadius(rig.settings, rig.database, hooks.url)
    try:
        with ThreadPoolExecutor(24) as pool:
            waves = []
            for wave in range(24):
                packets = [access_request(15 * wave + n, radius.secret, "u", "pw", PHONE_MAC.dashes) for n in range(15)]
                waves.append(pool.submit(ask_all, radius.auth_port, packets, 6.0, 1))
                time.sleep(0.25)
            answers = [waiting.result() for waiting in waves]
        answered = [one for wave in answers for one in wave if one.code is not None]
        assert all(one.code == ACCEPT and one.seconds < 4.9 for one in answered)
        assert len(answered) >= 0.6 * 20 * 6  # the hooks were kept busy with what still mattered
        assert sum(one.code is not None for wave in answers[-4:] for one in wave) > 0  # the newest have their share
    finally:
        radius.stop()
        hooks.stop()


def test_every_connection_that_freeradius_opens_is_used(rig: Rig) -> None:
    """rlm_rest with a connect_uri opens one ahead that it never uses; each held a thread of the hooks for nothing."""
    import socket

    opened: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.1)
        radius = PrivateRadius(rig.settings, rig.database, f"http://127.0.0.1:{door.getsockname()[1]}")
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    line, _ = door.accept()
                except TimeoutError:
                    continue
                line.settimeout(1.0)
                try:
                    opened.append(line.recv(4096))
                except TimeoutError:
                    opened.append(b"")
                line.close()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            rig.burst(radius, 8, again_after=2.5, tries=1)
        finally:
            stop.set()
            thread.join()
            radius.stop()
    assert opened and all(said.startswith(b"POST /authorize/") for said in opened)


def test_a_burst_after_seventy_seconds_of_idleness(resting: Resting) -> None:
    """Longer than any keep-alive, idle or garbage time in between."""
    time.sleep(max(0.0, resting.since + 70 - time.monotonic()))
    first = resting.rig.burst(resting.radius)
    assert_all_came_in(first)
    assert max(one.seconds for one in first) < 3  # nobody had to ask twice
