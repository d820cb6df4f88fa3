"""A guest joins the Wi-Fi, proves a phone and is online: portal, hooks and the pretend router, all real."""

import contextlib
import re
from urllib.parse import urlsplit

import pytest

from portal.access.models import AccessGrant, AccountingSession, Identification
from portal.access.vouchers import make
from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.guests.models import Guest
from portal.jobs.orders import carry_out_due
from portal.signup.models import PhoneVerification
from portal.venues import directory
from tests.support.radius import serve_hooks
from tests.support.signups import E164, World, leave_phone, type_code, visit_token
from tests.support.simulator import fetch, simulated_router

DEVICE = "02aabbccdd01"


@pytest.fixture
def wifi(world):
    """The world with a router in front of it, on the same clock."""
    with contextlib.ExitStack() as stack:
        hooks = stack.enter_context(serve_hooks(world.settings, world.database, lambda: world.now))
        router = stack.enter_context(
            simulated_router(
                world.settings,
                world.database,
                world.house,
                hooks,
                world.settings.base_url,
                lambda: world.now.timestamp(),  # noqa: PLW0108 - the clock moves
            )
        )
        yield world, router


def _join(world: World, router, device: str = DEVICE) -> str:
    """What the router makes of a blocked device's first page: the path on the portal."""
    blocked = fetch(f"{router.url}/device/{device}/")
    assert blocked.status == 302 and blocked.location.startswith(world.settings.base_url)
    return _path(blocked.location)


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def _sign_up(world: World, router, boxes: tuple[str, ...] = ()):
    client = world.client()
    page = client.get(_join(world, router))
    assert page.status_code == 200
    done = type_code(client, leave_phone(client, page.text, boxes=boxes).location, world.code())
    assert done.status_code == 303 and done.location.startswith(router.url)
    back = fetch(done.location)
    return client, client.get(_path(back.location))


def test_a_guest_who_ticks_nothing_is_online_after_the_code_without_a_card_and_without_becoming_a_guest(wifi):
    world, router = wifi
    _client, status = _sign_up(world, router)
    assert status.status_code == 200 and 'data-state="online"' in status.text
    assert world.rows(Guest) == world.rows(Card) == []
    assert [(i.phone, i.mac) for i in world.rows(Identification)] == [(E164, DEVICE)]
    assert len(world.rows(AccountingSession)) == len(world.rows(AccessGrant)) == 1
    visit = world.rows(Visit)[0]
    assert visit.entry == "wifi" and visit.verified_at and visit.online_at and visit.card_at is None


def test_a_guest_who_asks_for_the_card_gets_both_and_the_card_is_not_opened_in_the_captive_window(wifi):
    world, router = wifi
    _client, status = _sign_up(world, router, boxes=("box_card",))
    assert 'data-state="online"' in status.text and "/c/" not in status.text
    assert len(world.rows(Card)) == 1


def test_a_guest_comes_back_by_mac_to_an_empty_code_page_and_no_second_sms(wifi):
    world, router = wifi
    client = world.client()
    leave_phone(client, client.get(_join(world, router)).text, boxes=())
    code = world.code()
    stranger = world.client()  # the captive window lost everything but the MAC
    back = stranger.get(_join(world, router))
    assert back.status_code == 303 and "/verify/" in back.location
    page = stranger.get(back.location).text
    assert "45-67" not in page and "+7" not in page and "903" not in re.sub(r'/verify/[^"]+', "", page.split("<main")[1])
    assert len(world.delivered) == 1
    assert type_code(stranger, back.location, code).location.startswith(router.url)


def test_a_device_with_a_running_grant_goes_online_again_without_a_form(wifi):
    world, router = wifi
    _sign_up(world, router)
    world.later(minutes=5)
    answer = world.client().get(_fresh_join(world, router))
    assert answer.status_code == 303 and answer.location.startswith(router.url)
    assert len(world.delivered) == 1


def _fresh_join(world: World, router) -> str:
    """The redirect that the router would make, were the device blocked again."""
    from portal.gateways.simulator import sign_arrival
    from portal.venues.models import GatewayConfig

    gateway = world.rows(GatewayConfig)[0]
    values = {"mac": "02:aa:bb:cc:dd:01", "ip": "10.0.0.9", "url": "", "ts": str(int(world.now.timestamp()))}
    sig = sign_arrival(gateway.secret, values)
    query = "&".join(f"{k}={v}" for k, v in {**values, "sig": sig}.items())
    return f"/wifi/{world.house.venue_code}?{query}"


def test_disconnecting_ends_the_grant_and_the_worker_closes_the_device_at_the_router(wifi):
    world, router = wifi
    client, status = _sign_up(world, router)
    assert fetch(f"{router.url}/device/{DEVICE}/").status == 200
    client.post(status.request.path + "/disconnect")
    assert world.rows(AccessGrant)[0].revoked_reason == "guest"
    assert carry_out_due(world.database, lambda: world.now) == 1
    assert fetch(f"{router.url}/device/{DEVICE}/").status == 302
    assert world.rows(AccessGrant)[0].put_out_at is not None
    assert carry_out_due(world.database, lambda: world.now) == 0


def test_a_voucher_of_the_staff_opens_the_internet_and_nothing_else(wifi):
    world, router = wifi
    world.change_venue(vouchers=True)
    with world.database.writing() as session:
        venue = directory.venue_by_id(session, world.house.venue_id)
        code = make(session, world.settings.keys, venue, "Анна", world.now)
    client = world.client()
    token = visit_token(client.get(_join(world, router)).text)
    assert client.post("/voucher", data={"visit": token, "voucher": "0000000000"}).status_code == 422
    let_in = client.post("/voucher", data={"visit": token, "voucher": code.lower()})
    assert let_in.status_code == 303
    status = client.get(_path(fetch(let_in.location).location))
    assert 'data-state="online"' in status.text
    assert world.rows(PhoneVerification) == world.rows(Guest) == world.rows(Identification) == []
    assert {v.visitor_class for v in world.rows(Visit)} == {"voucher"}


@pytest.mark.parametrize("change", [{"mac": "02:aa:bb:cc:dd:02"}, {"sig": "0" * 64}, {"ip": "10.9.9.9"}, {"ts": "1"}])
def test_a_changed_redirect_is_not_believed(wifi, change):
    world, router = wifi
    path = _join(world, router)
    base, query = path.split("?")
    values = dict(pair.split("=", 1) for pair in query.split("&")) | change
    answer = world.client().get(base + "?" + "&".join(f"{k}={v}" for k, v in values.items()))
    assert answer.status_code == 400 and "<h1" in answer.text
    assert world.rows(Visit) == []
