"""A guest of a UniFi network, on each kind of controller: blocked, led to the portal, a code, online, cut off, and back.

Portal and worker are real; the controller and its access point are emulated, over TLS and HTTP.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from portal.access import blocks
from portal.access.models import AccessGrant, GatewayOrder, Identification
from portal.access.vouchers import make
from portal.acquisition.models import Visit
from portal.core.mac import Mac
from portal.jobs.house import House as Works
from portal.jobs.openings import Openings
from portal.jobs.orders import carry_out_due
from portal.sms.senders.console import ConsoleSender
from portal.venues import directory
from portal.venues.models import GatewayConfig, GatewaySign
from tests.support.programs import wait_until
from tests.support.signups import E164, World, leave_phone, type_code, visit_token
from tests.support.simulator import fetch
from tests.support.unifi_access_point import AccessPoint
from tests.support.unifi_controller import Api, UniFiController

DEVICE, MAC = "02aabbccdd01", "02:aa:bb:cc:dd:01"


class Cafe:
    """The world with a UniFi network in front of it; the portal is typed into its console by http."""

    def __init__(self, world: World, controller: UniFiController, point: AccessPoint) -> None:
        self.world, self.controller, self.point = world, controller, point
        self.openings = Openings(Works(world.settings, world.database, ConsoleSender(None), lambda: world.now))

    def work(self) -> None:
        """What the worker does until nothing is left to do now."""
        while self.openings.round():
            assert wait_until(lambda: self.openings._busy.total() == 0, 20)

    def is_online(self, device: str = DEVICE) -> bool:
        return fetch(f"{self.point.url}/device/{device}/news").status == 200

    def open(self, client: Any, device: str = DEVICE) -> Any:
        """A blocked device opens any page."""
        blocked = fetch(f"{self.point.url}/device/{device}/news")
        assert blocked.status == 302 and "/guest/s/default/?" in blocked.location
        onward = client.get(_path(blocked.location), base_url="http://127.0.0.1")
        assert onward.location.startswith(f"{self.world.settings.base_url}/wifi/{self.world.house.venue_code}?")
        return client.get(_path(onward.location), follow_redirects=True)

    def sign_up(self, client: Any) -> str:
        """From the first page to the status page; its address."""
        done = type_code(client, leave_phone(client, self.open(client).text, boxes=()).location, self.world.code())
        assert done.status_code == 303 and "/connected/" in done.location
        return str(done.location)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(params=["classic", "os", "integration"])
def cafe(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Iterator[Cafe]:
    """Each kind of controller, on the world's clock."""
    api: Api = request.param

    def clock() -> float:
        return world.now.timestamp()

    with (
        UniFiController(tmp_path / "unifi", api, clock=clock) as controller,
        AccessPoint(controller, "http://127.0.0.1") as point,
    ):
        with world.database.writing() as session:
            config = session.get_one(GatewayConfig, world.house.gateway_id)
            config.kind, config.base_url = "unifi", controller.url
            config.secret, config.options = controller.secret, controller.options
        found = Cafe(world, controller, point)
        yield found
        found.openings.close()


def test_blocked_then_a_code_then_online_then_cut_off_then_back(cafe: Cafe) -> None:
    world, client = cafe.world, cafe.world.client()
    assert not cafe.is_online()
    status = cafe.sign_up(client)
    assert not cafe.is_online() and 'data-state="opening"' in client.get(status).text
    cafe.work()
    assert cafe.is_online() and 'data-state="online"' in client.get(status).text
    visit = world.rows(Visit)[0]
    assert visit.online_at == world.now and visit.online_evidence == "authorized"
    assert [(i.phone, i.mac) for i in world.rows(Identification)] == [(E164, DEVICE)]
    assert {(s.gateway_id, s.sign) for s in world.rows(GatewaySign)} >= {(world.house.gateway_id, "online")}
    station = cafe.controller.stations["default"][MAC]
    assert (station.ends, station.up, station.down) == (world.now.timestamp() + 4 * 3600, 4000, 8000)

    client.post(f"{urlsplit(status).path}/disconnect")
    carry_out_due(world.database, lambda: world.now)
    assert not cafe.is_online() and world.rows(AccessGrant)[0].put_out_at is not None
    assert 'name="visit"' in cafe.open(world.client()).text


def test_the_controller_ends_it_when_the_time_is_over_and_the_form_comes_back(cafe: Cafe) -> None:
    cafe.sign_up(cafe.world.client())
    cafe.work()
    cafe.world.later(hours=4, seconds=-1)
    assert cafe.is_online()
    cafe.world.later(seconds=2)
    assert not cafe.is_online() and 'name="visit"' in cafe.open(cafe.world.client()).text


def test_a_device_that_the_controller_forgot_is_online_again_without_a_form(cafe: Cafe) -> None:
    cafe.sign_up(cafe.world.client())
    cafe.work()
    cafe.world.later(minutes=5)
    cafe.controller.stations["default"].clear()
    back = cafe.open(cafe.world.client())
    assert back.request.path.startswith("/connected/")
    cafe.work()
    assert cafe.is_online() and len(cafe.world.rows(AccessGrant)) == len(cafe.world.delivered) == 1
    minutes = (cafe.controller.stations["default"][MAC].ends - cafe.world.now.timestamp()) / 60
    assert minutes == 4 * 60 - 5


def test_a_device_is_not_remembered_by_a_mac_that_only_a_browser_ever_claimed(cafe: Cafe) -> None:
    cafe.sign_up(cafe.world.client())
    cafe.work()
    cafe.world.later(hours=20)
    page = cafe.open(cafe.world.client()).text
    assert 'name="phone"' in page and 'action="/welcome"' not in page


def test_a_code_for_a_device_that_is_not_there_lets_nobody_in(cafe: Cafe) -> None:
    client = cafe.world.client()
    lie = cafe.point.redirect("02:aa:bb:cc:dd:99", "http://example.org/")
    landing = client.get(_path(client.get(_path(lie), base_url="http://127.0.0.1").location))
    type_code(client, leave_phone(client, landing.text, boxes=()).location, cafe.world.code())
    for _ in range(70):
        cafe.work()
        cafe.world.later(seconds=1)
    assert cafe.controller.commands() == []
    assert [(o.state, o.said) for o in cafe.world.rows(GatewayOrder)] == [("failed", "not on this site")]
    assert cafe.world.rows(Visit)[0].online_at is None


def test_a_controller_that_is_away_is_waited_for_and_a_later_try_succeeds(cafe: Cafe) -> None:
    client = cafe.world.client()
    cafe.controller.trouble.status = 503
    status = cafe.sign_up(client)
    cafe.work()
    cafe.world.later(seconds=2)
    cafe.controller.trouble.status = 0
    assert 'data-state="opening"' in client.get(status).text
    cafe.work()
    assert cafe.is_online() and 'data-state="online"' in client.get(status).text


def test_a_voucher_of_the_staff_opens_it_too(cafe: Cafe) -> None:
    world, client = cafe.world, cafe.world.client()
    world.change_venue(vouchers=True)
    with world.database.writing() as session:
        code = make(session, world.settings.keys, directory.venue_by_id(session, world.house.venue_id), "Анна", world.now)
    token = visit_token(cafe.open(client).text)
    assert client.post("/voucher", data={"visit": token, "voucher": code}).status_code == 303
    cafe.work()
    assert cafe.is_online()
    assert {(v.visitor_class, v.online_evidence) for v in world.rows(Visit)} == {("voucher", "authorized")}


def test_a_voucher_opens_nothing_to_a_device_that_staff_blocked(cafe: Cafe) -> None:
    world, client = cafe.world, cafe.world.client()
    world.change_venue(vouchers=True)
    with world.database.writing() as session:
        venue = directory.venue_by_id(session, world.house.venue_id)
        code = make(session, world.settings.keys, venue, "Анна", world.now)
        mac = Mac(DEVICE)
        blocks.block(session, venue.legal_entity, phone=None, mac=mac, reason="шум", staff_name="Анна", now=world.now)
    answer = client.post("/voucher", data={"visit": visit_token(cafe.open(client).text), "voucher": code})
    assert answer.status_code == 403 and not world.rows(AccessGrant)
    cafe.work()
    assert not cafe.is_online()
