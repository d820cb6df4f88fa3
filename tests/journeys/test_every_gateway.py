"""One journey on every kind of gateway: blocked, led to the portal, a code, online, cut off, and back again.

The portal, the hooks, FreeRADIUS with the configuration that the product writes and the worker are real; the router is an
emulator that does over HTTP and UDP what the real one does. A further kind joins by a line in `KINDS`.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.gateways.base import PortalUrls
from portal.gateways.registry import gateway
from portal.jobs.orders import carry_out_due
from portal.venues.models import GatewayConfig, Nas
from portal.web.guest.arrival import settings_of
from radius_hooks.replay import store_what_waits
from radius_hooks.spool import Spool
from tests.conftest import skip_or_fail
from tests.support.chilli_router import ChilliRouter, Uam
from tests.support.hotspot import Hotspot, Running, serving
from tests.support.house import House
from tests.support.mikrotik_router import MikroTikRouter, Profile
from tests.support.mini_browser import MiniBrowser, Page
from tests.support.radius import PrivateRadius, free_port, missing, serve_hooks
from tests.support.radius_line import RadiusLine
from tests.support.signups import World, box_values, visit_token

pytestmark = pytest.mark.freeradius
PHONE = "8 (903) 123-45-67"
DEVICE = Mac("02aabbccdd01")
PAGE = "http://neverssl.example/news?id=1"
Make = Callable[[RadiusLine, str, Callable[[], float]], Hotspot]


@dataclass(frozen=True)
class Kind:
    """A kind of gateway: its row's kind and options, its emulator, and how that is set up once its address is known."""

    kind: str
    make: Make
    set_up: Callable[[Any, GatewayConfig, PortalUrls], None]
    options: dict[str, Any]


def _chilli(router: ChilliRouter, config: GatewayConfig, urls: PortalUrls) -> None:
    router.uam = Uam(urls.wifi, config.secret)


def _keenetic(router: ChilliRouter, config: GatewayConfig, urls: PortalUrls) -> None:
    router.uam = Uam(urls.wifi, config.secret, old=True, races=1)


def _mikrotik(router: MikroTikRouter, config: GatewayConfig, urls: PortalUrls) -> None:
    settings = settings_of_row(config)
    files = {paste.where.rpartition("/")[2]: paste.text for paste in gateway("mikrotik").pastes(settings, urls)}
    pap = bool(config.options.get("pap"))
    router.profile = Profile(files, chap=not pap, pap=pap)


def settings_of_row(config: GatewayConfig) -> Any:
    """A row as gateway modules take it."""
    return settings_of(type("Front", (), {"venue": type("Venue", (), {"code": "teremok"})})(), config)  # type: ignore[arg-type]


KINDS = {
    "coovachilli": Kind("coovachilli", ChilliRouter, _chilli, {}),
    "coovachilli-pap": Kind("coovachilli", ChilliRouter, _chilli, {"pap": True}),
    "keenetic": Kind("keenetic", ChilliRouter, _keenetic, {}),
    "mikrotik": Kind("mikrotik", MikroTikRouter, _mikrotik, {}),
    "mikrotik-pap": Kind("mikrotik", MikroTikRouter, _mikrotik, {"pap": True}),
}


class Cafe:
    """The world with a router in front of it."""

    def __init__(self, world: World, running: Running, radius: PrivateRadius) -> None:
        self.world, self.running, self.hotspot = world, running, running.hotspot
        self._spool = Spool(radius.spool)

    def phone(self) -> MiniBrowser:
        """The device with a window that remembers nothing."""
        device = self.hotspot.join(DEVICE)
        return MiniBrowser(self.world.client(), self.world.settings.base_url, device.ip, self.running.port)

    def sign_up(self, phone: MiniBrowser, wait: timedelta = timedelta()) -> Page:
        """From the blocked page to where the right code leads; a form on the way is sent by its button.

        `wait` is how long the guest looks at each page.
        """
        landing = phone.open(PAGE)
        self.world.now += wait
        assert landing.url.startswith(f"{phone.portal_url}/wifi/") and landing.status == 200, landing.steps
        assert box_values(landing.text)
        code_page = phone.send("/signup", {"visit": visit_token(landing.text), "phone": PHONE})
        assert "/verify/" in code_page.url
        self.world.now += wait
        return self.press_on(phone, phone.send(code_page.url, {"code": self.world.code()}))

    def press_on(self, phone: MiniBrowser, page: Page) -> Page:
        """Press the button of the last step, where there is one."""
        if "/go/" not in page.url:
            return page
        return phone.send(*page.form())

    def is_online(self) -> bool:
        return self.hotspot.device(DEVICE).session is not None

    def accounted(self, fits: Callable[[AccountingSession], bool] = lambda _row: True) -> AccountingSession:
        """The newest accounted session, once it is as it should be: reports are taken up behind the answer."""
        ends = time.monotonic() + 10
        while True:
            store_what_waits(self._spool, self.world.database)
            rows = sorted(self.world.rows(AccountingSession), key=lambda row: row.id)
            if rows and fits(rows[-1]):
                found: AccountingSession = rows[-1]
                return found
            assert time.monotonic() < ends, [vars(row) for row in rows]
            time.sleep(0.05)

    def grant(self) -> AccessGrant:
        """The newest grant."""
        newest: AccessGrant = max(self.world.rows(AccessGrant), key=lambda row: row.id)
        return newest


@pytest.fixture
def world(settings: Settings, database: Database, house: House) -> World:
    """The portal at the real time: FreeRADIUS notes by its own clock when a report came."""
    return World(settings, database, house, utcnow())


@pytest.fixture(params=sorted(KINDS))
def cafe(request: pytest.FixtureRequest, world: World) -> Iterator[Cafe]:
    """Each kind with its emulator, on the world's clock."""
    if reason := missing():
        skip_or_fail(reason)
    with cafe_of(KINDS[request.param], world) as found:
        yield found


@contextlib.contextmanager
def cafe_of(kind: Kind, world: World) -> Iterator[Cafe]:
    """The world with a router of this kind, set up as the product's pastes say."""
    with contextlib.ExitStack() as stack:
        hooks = stack.enter_context(serve_hooks(world.settings, world.database, lambda: world.now))
        running = stack.enter_context(serving(_router(kind, world)))
        with world.database.writing() as session:
            config, nas = session.get_one(GatewayConfig, world.house.gateway_id), session.get_one(Nas, world.house.nas_id)
            config.kind, config.base_url, config.options = kind.kind, running.hotspot.url, kind.options
            nas.coa_port = running.coa_port
            kind.set_up(running.hotspot, config, _urls(world))
        radius = PrivateRadius(world.settings, world.database, hooks)
        stack.callback(radius.stop)
        running.hotspot.line.auth_port, running.hotspot.line.acct_port = radius.auth_port, radius.acct_port
        yield Cafe(world, running, radius)


def _router(kind: Kind, world: World) -> Hotspot:
    with world.database.reading() as session:
        line = RadiusLine(0, 0, session.get_one(Nas, world.house.nas_id).secret)
    return kind.make(line, world.house.nas_name, lambda: world.now.timestamp())  # noqa: PLW0108 - the clock moves


def _urls(world: World) -> PortalUrls:
    base = world.settings.base_url
    return PortalUrls(f"{base}/wifi/{world.house.venue_code}", f"{base}/capport/key", base, ("127.0.0.1",), "127.0.0.1")


def test_blocked_then_a_code_then_online_then_cut_off_then_back(cafe: Cafe) -> None:
    world, phone = cafe.world, cafe.phone()
    assert not cafe.is_online()
    status = cafe.sign_up(phone)
    assert "/connected/" in status.url and status.status == 200, status.steps
    session = cafe.hotspot.device(DEVICE).session
    assert session is not None and phone.open(PAGE).text == "internet: neverssl.example"
    grant = cafe.grant()
    assert session.user_name.startswith(grant.user_name) and session.class_.decode() == grant.visit_id
    assert (session.timeout, session.idle, session.up_kbps, session.down_kbps) == (4 * 3600, 900, 4000, 8000)
    row = cafe.accounted()
    assert (row.grant_id, row.mac, row.user_name) == (grant.id, DEVICE.hex, session.user_name)
    assert 'data-state="online"' in phone.open(status.url).text
    assert world.rows(Visit)[0].online_at is not None

    world.later(seconds=601)
    cafe.hotspot.transfer(cafe.hotspot.device(DEVICE), downloaded=5 * 2**32 + 7, uploaded=11)
    cafe.hotspot.sweep()
    row = cafe.accounted(lambda r: r.session_seconds > 600)
    assert (row.input_octets, row.output_octets) == (11, 5 * 2**32 + 7), "as RFC 2866 sees it, whatever the router's dialect"

    phone.send(f"{status.url.partition('?')[0]}/disconnect", {})
    carry_out_due(world.database, lambda: world.now)
    assert not cafe.is_online()
    assert cafe.accounted(lambda r: r.stopped_at is not None).terminate_cause == "Admin-Reset"
    again = phone.open(PAGE)
    assert "/wifi/" in again.url and visit_token(again.text), again.steps
    assert len(world.delivered) == 1


def test_a_device_that_the_router_forgot_is_online_again_without_a_form(cafe: Cafe) -> None:
    phone = cafe.phone()
    cafe.sign_up(phone)
    cafe.accounted()
    cafe.world.later(minutes=5)
    cafe.hotspot.restart()
    cafe.world.later(seconds=2)
    fresh = cafe.phone()  # joins again; MAC authentication may have let it in already
    back = cafe.press_on(fresh, fresh.open(PAGE))
    assert cafe.is_online(), back.steps
    assert len(cafe.world.rows(AccessGrant)) == 1 and len(cafe.world.delivered) == 1


def test_a_device_of_yesterday_is_online_before_it_opens_a_page(cafe: Cafe) -> None:
    cafe.sign_up(cafe.phone())
    cafe.accounted()
    cafe.hotspot.log_out(cafe.hotspot.device(DEVICE), "User-Request")
    cafe.world.later(hours=20)
    phone = cafe.phone()
    session = cafe.hotspot.device(DEVICE).session
    assert session is not None and session.user_name == cafe.hotspot.mac_auth_form(DEVICE)
    assert (session.idle, session.down_kbps) == (900, 8000) and 0 < session.timeout <= 4 * 3600
    assert phone.open(PAGE).text == "internet: neverssl.example"
    assert cafe.accounted(lambda row: row.user_name == session.user_name).mac == DEVICE.hex
    assert len(cafe.world.delivered) == 1, "no second SMS"


def test_the_router_ends_the_session_when_its_time_is_over_and_the_form_comes_back(cafe: Cafe) -> None:
    phone = cafe.phone()
    cafe.sign_up(phone)
    cafe.accounted()
    cafe.hotspot.device(DEVICE).session.idle = 0
    cafe.world.later(hours=4, seconds=1)
    cafe.hotspot.sweep()
    assert not cafe.is_online()
    assert cafe.accounted(lambda r: r.stopped_at is not None).terminate_cause == "Session-Timeout"


def test_a_guest_who_takes_their_time_gets_a_fresh_challenge_on_the_way(cafe: Cafe) -> None:
    status = cafe.sign_up(cafe.phone(), wait=timedelta(minutes=6))
    assert "/connected/" in status.url and cafe.is_online(), status.steps


def test_while_radius_is_silent_the_guest_is_told_and_later_comes_in_by_the_button(cafe: Cafe) -> None:
    phone, line = cafe.phone(), cafe.hotspot.line
    right, line.auth_port, line.patience = line.auth_port, free_port(), 0.1
    told = cafe.sign_up(phone)
    for _ in range(3):
        told = cafe.press_on(phone, told)
    assert not cafe.is_online() and told.status == 200 and told.url.startswith(f"{phone.portal_url}/wifi/"), told.steps
    again = re.search(r'class="button" href="([^"]+)"', told.text)
    assert again is not None and again[1].startswith(cafe.hotspot.url), told.text
    line.auth_port, line.patience = right, 2.5
    cafe.world.later(seconds=61)
    back = cafe.press_on(phone, phone.open(again[1]))
    assert cafe.is_online() and "/connected/" in back.url, back.steps


def test_no_other_device_gets_in_with_this_ones_login(cafe: Cafe) -> None:
    phone = cafe.phone()
    cafe.sign_up(phone)
    login = grants.login(cafe.grant(), cafe.world.now)
    stranger = cafe.hotspot.device(Mac("02aabbccdd02"))
    assert cafe.hotspot.log_in(stranger, login.user_name, {}, login.password).accept is False
