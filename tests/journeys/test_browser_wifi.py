"""From a blocked phone to the internet in a real browser: router, portal and RADIUS hooks, all on sockets."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.core.config import Settings
from portal.gateways.simulated_router.server import RouterServer
from tests.conftest import make_settings
from tests.support.browsing import served
from tests.support.handset import Handset, Kind, handset
from tests.support.programs import free_ports
from tests.support.radius import serve_hooks
from tests.support.signups import PHONE, World
from tests.support.simulator import simulated_router

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

DEVICE = "02aabbccdd01"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The portal's links must lead to its real port: the router sends the guest back to them."""
    return make_settings(tmp_path, database_url=database_url, port=free_ports(1))


class Cafe:
    """The portal and its router, running; `open` is what a phone does when it joins."""

    def __init__(self, world: World, router: RouterServer) -> None:
        self.world, self.router = world, router
        self.hosts = {urlsplit(router.url).netloc, urlsplit(world.settings.base_url).netloc}

    def open(self, phone: Handset) -> None:
        """Any page of the internet, as a blocked device sees it."""
        phone.page.goto(f"{self.router.url}/device/{DEVICE}/", wait_until="networkidle")


@pytest.fixture
def cafe(world: World, kind: Kind) -> Iterator[Cafe]:
    """All three servers, on the world's clock."""
    with contextlib.ExitStack() as stack:
        hooks = stack.enter_context(serve_hooks(world.settings, world.database, lambda: world.now))
        stack.enter_context(served(world.app, world.settings.port, cookies=kind.cookies))
        router = simulated_router(
            world.settings,
            world.database,
            world.house,
            hooks,
            world.settings.base_url,
            lambda: world.now.timestamp(),  # noqa: PLW0108 - the clock moves
        )
        yield Cafe(world, stack.enter_context(router))


def online(phone: Handset) -> None:
    """The status page is there and says so."""
    phone.page.wait_for_url("**/connected/*")
    expect(phone.page.locator("#access")).to_have_attribute("data-state", "online")


@pytest.mark.parametrize("kind", [Kind("ru", cookies=False), Kind("en", scripts=False), Kind("en")], ids=str)
def test_a45_a_blocked_phone_comes_online_and_asks_nobody_but_us_and_the_router(cafe: Cafe, browser: Browser, kind: Kind) -> None:
    with handset(browser, kind) as phone:
        cafe.open(phone)
        assert "/wifi/" in phone.page.url
        assert phone.kinds() == ["document", "document", "image"], "the router's redirect, the page, the picture"
        phone.leave_phone(PHONE)
        phone.type_code(cafe.world.code(), press=not kind.scripts)
        online(phone)
        expect(phone.page.locator("html")).to_have_attribute("lang", kind.language)
        assert phone.hosts() == cafe.hosts
        assert phone.complaints == []
        cafe.open(phone)
        assert phone.page.title() == "This is the internet"
    visit = cafe.world.rows(Visit)[0]
    assert visit.entry == "wifi" and visit.online_at and cafe.world.rows(Card) == []


@pytest.mark.parametrize("kind", [Kind("en", cookies=False), Kind("ru", scripts=False, cookies=False)], ids=str)
def test_a_captive_window_that_lost_everything_is_known_by_its_mac_and_needs_no_second_sms(
    cafe: Cafe, browser: Browser, kind: Kind
) -> None:
    with handset(browser, kind) as phone:
        cafe.open(phone)
        phone.leave_phone(PHONE, "box_card")
    with handset(browser, kind) as again:
        cafe.open(again)
        assert "/verify/" in again.page.url
        assert "45-67" not in again.page.content(), "anybody can have this MAC"
        again.type_code(cafe.world.code(), press=not kind.scripts)
        online(again)
        assert again.complaints == []
        assert again.page.locator("a[href*='/c/']").count() == 0, "the card does not open in the captive window"
    assert len(cafe.world.delivered) == len(cafe.world.rows(AccessGrant)) == len(cafe.world.rows(Card)) == 1
