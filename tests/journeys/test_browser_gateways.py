"""The last step to a real kind of gateway in a real browser: redirects that CSP must let pass, a form, pages without scripts."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from portal.core.config import Settings
from portal.core.mac import Mac
from portal.gateways.base import PortalUrls
from portal.venues.models import GatewayConfig
from tests.conftest import make_settings
from tests.journeys.test_every_gateway import KINDS, Kind
from tests.support import handset as phones
from tests.support.browsing import served
from tests.support.handset import handset
from tests.support.hotspot import Device, Hotspot, serving
from tests.support.programs import free_ports
from tests.support.radius_line import Answer, Attributes, RadiusLine
from tests.support.signups import PHONE, World

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
DEVICE = Mac("02aabbccdd01")
ME = "127.0.0.1"  # where Chromium's packets come from


@dataclass
class Welcoming(RadiusLine):
    """RADIUS that lets everybody in but who has only an address; the journey of every gateway asks the real one."""

    names: list[bytes] = field(default_factory=list)

    def ask(self, attributes: Attributes, password: str | None = None) -> Answer:
        """Remember who."""
        self.names.append(attributes[1])
        return Answer(True)

    def account(self, attributes: Attributes) -> bool:
        """Take it."""
        return True


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The portal's links must lead to its real port: the router sends the guest back to them."""
    return make_settings(tmp_path, database_url=database_url, port=free_ports(1))


@pytest.fixture
def router(world: World, kind: Kind, how: phones.Kind) -> Iterator[Hotspot]:
    """The portal and a router, on sockets; the browser is a device of that router."""
    base = world.settings.base_url
    urls = PortalUrls(f"{base}/wifi/{world.house.venue_code}", f"{base}/capport/key", base, ("127.0.0.1",), "127.0.0.1")
    hotspot = kind.make(Welcoming(0, 0, "x" * 32), "nas", lambda: world.now.timestamp())  # noqa: PLW0108 - the clock moves
    with contextlib.ExitStack() as stack:
        stack.enter_context(served(world.app, world.settings.port, cookies=how.cookies))
        stack.enter_context(serving(hotspot))
        with world.database.writing() as session:
            config = session.get_one(GatewayConfig, world.house.gateway_id)
            config.kind, config.base_url, config.options = kind.kind, hotspot.url, kind.options
            kind.set_up(hotspot, config, urls)
        hotspot.devices[ME] = Device(DEVICE, ME)
        yield hotspot


WAYS = [
    ("coovachilli", phones.Kind("ru", scripts=False, cookies=False)), ("coovachilli", phones.Kind("en")),
    ("mikrotik", phones.Kind("ru", scripts=False, cookies=False)), ("mikrotik", phones.Kind("en")),
    ("mikrotik-pap", phones.Kind("ru", scripts=False, cookies=False)), ("mikrotik-pap", phones.Kind("en")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "how"), [pytest.param(KINDS[name], how, id=f"{name}-{how}") for name, how in WAYS])
def test_the_right_code_leads_through_the_gateway_to_the_status_page(
    world: World, router: Hotspot, browser: Browser, kind: Kind, how: phones.Kind
) -> None:
    with handset(browser, how) as phone:
        phone.page.goto(f"{router.url}/login?dst=http://example.org/")
        phone.page.wait_for_url("**/wifi/*")
        phone.leave_phone(PHONE)
        phone.type_code(world.code(), press=not how.scripts)
        if kind.options.get("pap") and not how.scripts:
            phone.page.wait_for_url("**/go/*")
            phone.page.click("#go button")
        phone.page.wait_for_url("**/connected/*")
        assert phone.page.locator("#access").count() == 1
        assert phone.complaints == []
    assert router.devices[ME].session is not None
    assert len(router.line.names) == 1, "one login, one question"
