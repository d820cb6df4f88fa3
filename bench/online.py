"""`python -m bench.online [--guests 20]`: from the right code to the internet, for each kind of gateway, 95th percentile.

Portal, hooks, FreeRADIUS and the worker's openings are real and share this machine with the emulated routers; one guest at
a time. openNDS at levels 3 and 4 is not measured but bounded: its router asks us once in a poll interval.
"""

import argparse
import contextlib
import itertools
import logging
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from portal.core.clock import utcnow
from portal.core.db import Database
from portal.core.mac import Mac
from portal.core.migrations import migrate
from portal.gateways.opennds_pastes import AUTHMON_SECONDS
from portal.jobs.house import House as Works
from portal.jobs.openings import keep_opening
from portal.sms.senders.console import ConsoleSender
from portal.venues.models import GatewayConfig
from tests.conftest import make_settings
from tests.journeys import test_every_gateway as radius_kinds
from tests.support.house import build_house
from tests.support.mini_browser import MiniBrowser
from tests.support.radius import missing, serve_hooks
from tests.support.signups import World, leave_phone, type_code, visit_token
from tests.support.simulator import fetch, simulated_router
from tests.support.unifi_access_point import AccessPoint
from tests.support.unifi_controller import Api, UniFiController

_serial = itertools.count(1)
Attempt = Callable[[], float]  # one guest: seconds from the code to the internet


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(prog="bench.online", description=__doc__)
    parser.add_argument("--guests", type=int, default=20)
    guests = parser.parse_args().guests
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    print(f"{'gateway':<22}{'median':>10}{'p95':>10}   ms from the right code to the internet, {guests} guests")
    for name, kind in _kinds().items():
        with _world() as world, kind(world) as attempt:
            took = sorted(1000 * attempt() for _ in range(guests))
        print(f"{name:<22}{statistics.median(took):>10.0f}{took[max(0, -(-guests * 95 // 100) - 1)]:>10.0f}", flush=True)
    print(f"{'opennds, level 3':<22}{'':>10}{'≤ ' + str(1000 * (AUTHMON_SECONDS + 1)):>10}   its poll interval and a second")


def _kinds() -> dict[str, Callable[[World], Any]]:
    found: dict[str, Callable[[World], Any]] = {"simulator": _simulator}
    if not missing():
        for name, kind in radius_kinds.KINDS.items():
            found[name] = lambda world, kind=kind: _hotspot(world, kind)
    apis: tuple[Api, ...] = get_args(Api)
    for api in apis:
        found[f"unifi, {api}"] = lambda world, api=api: _unifi(world, api)
    return found


@contextlib.contextmanager
def _world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as folder:
        settings = make_settings(Path(folder), limit_prefix_hour=10**6, limit_ip_hour=10**6)
        database = Database(settings.url_of_database)
        migrate(database.engine)
        with database.writing() as session:
            house = build_house(session)
        world = World(settings, database, house, utcnow())
        world.change_venue(sms_per_minute_wifi=10**6)
        yield world
        database.engine.dispose()


def _clock(world: World) -> Callable[[], float]:
    """The emulators' time is the world's, which moves."""

    def seconds() -> float:
        return world.now.timestamp()

    return seconds


@contextlib.contextmanager
def _simulator(world: World) -> Iterator[Attempt]:
    clock = _clock(world)
    with (
        serve_hooks(world.settings, world.database, lambda: world.now) as hooks,
        simulated_router(world.settings, world.database, world.house, hooks, world.settings.base_url, clock) as router,
    ):

        def attempt() -> float:
            page, (mac, phone) = f"{router.url}/device", _guest()
            client = world.client()
            landing = client.get(_path(fetch(f"{page}/{mac.hex}/").location))
            verify, code = _to_the_code(world, client, landing.text, phone)
            began = time.monotonic()
            fetch(type_code(client, verify, code).location)
            assert fetch(f"{page}/{mac.hex}/").status == 200
            return time.monotonic() - began

        yield attempt


@contextlib.contextmanager
def _hotspot(world: World, kind: Any) -> Iterator[Attempt]:
    """Kinds that ask RADIUS."""
    with radius_kinds.cafe_of(kind, world) as cafe:

        def attempt() -> float:
            mac, phone = _guest()
            device = cafe.hotspot.join(mac)
            browser = MiniBrowser(world.client(), world.settings.base_url, device.ip, cafe.running.port)
            landing = browser.open(radius_kinds.PAGE)
            asked = browser.send("/signup", {"visit": visit_token(landing.text), "phone": phone})
            code = world.code(phone)
            began = time.monotonic()
            cafe.press_on(browser, browser.send(asked.url, {"code": code}))
            assert cafe.hotspot.device(mac).session is not None
            return time.monotonic() - began

        yield attempt


@contextlib.contextmanager
def _unifi(world: World, api: Api) -> Iterator[Attempt]:
    stop, works = threading.Event(), Works(world.settings, world.database, ConsoleSender(None), lambda: world.now)
    worker = threading.Thread(target=keep_opening, args=(works, stop))
    with (
        tempfile.TemporaryDirectory() as folder,
        UniFiController(Path(folder), api, clock=_clock(world)) as controller,
        AccessPoint(controller, "http://127.0.0.1") as point,
    ):
        with world.database.writing() as session:
            config = session.get_one(GatewayConfig, world.house.gateway_id)
            config.kind, config.base_url = "unifi", controller.url
            config.secret, config.options = controller.secret, controller.options
        worker.start()

        def attempt() -> float:
            mac, phone = _guest()
            client = world.client()
            onward = client.get(_path(fetch(f"{point.url}/device/{mac.hex}/").location), base_url="http://127.0.0.1")
            verify, code = _to_the_code(world, client, client.get(_path(onward.location)).text, phone)
            began = time.monotonic()
            type_code(client, verify, code)
            while not controller.is_authorized(mac.colons):
                assert time.monotonic() - began < 60
                time.sleep(0.002)
            return time.monotonic() - began

        yield attempt
        stop.set()
        worker.join()


def _guest() -> tuple[Mac, str]:
    number = next(_serial)
    return Mac(f"02aabb{number:06x}"), f"+7903{number:07d}"


def _to_the_code(world: World, client: Any, landing: str, phone: str) -> tuple[str, str]:
    return leave_phone(client, landing, phone, boxes=()).location, world.code(phone)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


if __name__ == "__main__":
    main()
