"""/guest/s/<site>/: from UniFi's own address to the venue's page, and no further for whoever only claims something."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from portal.access.models import GatewayOrder
from portal.acquisition.models import Visit
from portal.venues import setup
from portal.venues.models import GatewayConfig
from portal.web.guest.unifi import Site, choose
from tests.support.house import House, build_house
from tests.support.signups import World, leave_phone, type_code
from tests.support.unifi_controller import AP_MAC

DEVICE = "1c:71:25:63:e4:24"


def unifi(world: World, house: House | None = None, **options: Any) -> None:
    """Make the gateway of a house a UniFi one."""
    with world.database.writing() as session:
        config = session.get_one(GatewayConfig, (house or world.house).gateway_id)
        config.kind, config.base_url, config.secret = "unifi", "https://10.0.0.2:8443", "owner-password-0001"
        config.options = {"api": "classic", "user": "vestibule", "verify_tls": "", **options}
    world.app.extensions.pop("vestibule-shelf", None)
    world.app.extensions.pop("vestibule-unifi-sites", None)


def query(world: World, **changed: str) -> str:
    at = str(int(world.now.timestamp()))
    return urlencode({"ap": AP_MAC, "id": DEVICE, "t": at, "url": "http://example.org/a?b=1&c=2", "ssid": "Гости", **changed})


def arrive(world: World, client: Any, asked: str | None = None) -> Any:
    """Follow UniFi's redirect as a browser does, from our http address over the public one."""
    first = client.get(f"/guest/s/default/?{query(world) if asked is None else asked}")
    there = urlsplit(first.location)
    return client.get(f"{there.path}?{there.query}", follow_redirects=True)


@pytest.mark.parametrize("path", ["/guest/s/default/", "/guest/s/default"])
def test_unifis_address_leads_to_the_venues_page_by_our_public_address(world: World, path: str) -> None:
    unifi(world)
    answer = world.client().get(f"{path}?{query(world)}", base_url="http://127.0.0.1:80")
    assert answer.status_code == 302 and answer.headers["Cache-Control"] == "no-store"
    there = urlsplit(answer.location)
    assert f"{there.scheme}://{there.netloc}" == world.settings.base_url and there.path == f"/wifi/{world.house.venue_code}"
    values = dict(parse_qsl(there.query))
    assert (values["site"], values["id"], values["url"], values["ssid"]) == (
        "default", DEVICE, "http://example.org/a?b=1&c=2", "Гости",
    )  # fmt: skip
    landing = world.client().get(f"{there.path}?{there.query}")
    assert landing.status_code == 200 and 'name="visit"' in landing.text
    assert world.rows(Visit) == []


def test_a_site_of_nobody_is_a_page_that_helps(world: World) -> None:
    unifi(world)
    for path in ("/guest/s/other/", "/guest/s/%00/", "/guest/s/..%5c/", "/guest/s/" + "x" * 900 + "/", "/guest/s/ü/"):
        answer = world.client().get(f"{path}?{query(world)}")
        assert answer.status_code == 404 and "<h1" in answer.text


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "x"},
        {"id": ""},
        {"ap": "x"},
        {"t": "1"},
        {"t": "x"},
        {"site": "other"},
        {"id": "ff:ff:ff:ff:ff:ff"},
        {"id": "\ud800"},
    ],
)
def test_a_redirect_that_is_not_whole_is_a_page_that_helps(world: World, changed: dict[str, str]) -> None:
    unifi(world)
    asked = urlencode(dict(parse_qsl(query(world))) | changed, errors="surrogatepass")
    answer = arrive(world, world.client(), asked)
    assert answer.status_code == 400 and "<h1" in answer.text and world.rows(Visit) == []


def test_a_value_given_twice_is_refused(world: World) -> None:
    unifi(world)
    for more in ("id=02:00:00:00:00:09", "site=default", "t=1"):
        assert arrive(world, world.client(), f"{query(world)}&{more}").status_code == 400


def test_two_venues_with_one_site_name_are_told_apart_by_their_access_points(world: World) -> None:
    with world.database.writing() as session:
        other = build_house(session, "izbushka")
    unifi(world, aps="02:00:00:00:00:01")
    unifi(world, other, aps=f"02:00:00:00:00:02, {AP_MAC}")
    assert "/wifi/izbushka?" in world.client().get(f"/guest/s/default/?{query(world)}").location
    first = world.client().get(f"/guest/s/default/?{query(world, ap='02-00-00-00-00-01')}").location
    assert f"/wifi/{world.house.venue_code}?" in first
    assert world.client().get(f"/guest/s/default/?{query(world, ap='02:00:00:00:00:03')}").status_code == 404
    assert world.client().get("/guest/s/default/").status_code == 404


A, B = frozenset({"0200000000aa"}), frozenset({"0200000000bb"})


@pytest.mark.parametrize(
    ("sites", "host", "ap", "code"),
    [
        ([], "h", "", None),
        ([Site("s", "one", "", frozenset())], "h", "", "one"),
        ([Site("s", "one", "", A)], "h", "02:00:00:00:00:cc", "one"),  # a new access point that nobody wrote down yet
        ([Site("s", "one", "", A), Site("s", "one", "", B)], "h", "", "one"),
        ([Site("s", "one", "", A), Site("s", "two", "", B)], "h", "02:00:00:00:00:bb", "two"),
        ([Site("s", "one", "", A), Site("s", "two", "", frozenset())], "h", "02:00:00:00:00:bb", "two"),
        ([Site("s", "one", "", A), Site("s", "two", "", frozenset())], "h", "02:00:00:00:00:aa", "one"),
        ([Site("s", "one", "", frozenset()), Site("s", "two", "", frozenset())], "h", "02:00:00:00:00:aa", None),
        ([Site("s", "one", "a.example", frozenset()), Site("s", "two", "b.example", frozenset())], "B.example:80", "", "two"),
        ([Site("s", "one", "a.example", frozenset()), Site("s", "two", "b.example", frozenset())], "c.example", "", None),
        ([Site("s", "one", "a.example", frozenset()), Site("s", "two", "", frozenset())], "c.example", "", "two"),
        ([Site("s", "one", "", A), Site("s", "two", "", A)], "h", "02:00:00:00:00:aa", None),
    ],
)
def test_nobody_is_sent_to_a_place_by_guess(sites: list[Site], host: str, ap: str, code: str | None) -> None:
    assert choose(sites, host, ap) == code


def test_one_gateway_with_broken_settings_does_not_hide_the_others(world: World) -> None:
    with world.database.writing() as session:
        other = build_house(session, "izbushka")
    unifi(world, other, aps="not an address")
    unifi(world)
    assert f"/wifi/{world.house.venue_code}?" in world.client().get(f"/guest/s/default/?{query(world)}").location


def test_a_venue_with_a_second_gateway_keeps_both(world: World) -> None:
    unifi(world)
    with world.database.writing() as session:
        from portal.venues import directory

        venue = directory.venue_by_id(session, world.house.venue_id)
        setup.add_gateway(session, venue, "simulator", "http://127.0.0.1:9", world.now)
    world.app.extensions.pop("vestibule-shelf", None)
    answer = arrive(world, world.client())
    assert answer.status_code == 200 and 'name="visit"' in answer.text


def _signed_up(world: World) -> Any:
    client = world.client()
    return type_code(client, leave_phone(client, arrive(world, client).text, boxes=()).location, world.code())


def test_the_right_code_orders_the_opening_in_the_same_breath_and_the_guest_waits_at_the_status_page(world: World) -> None:
    unifi(world)
    client = world.client()
    assert arrive(world, client).status_code == 200 and world.rows(GatewayOrder) == []
    done = _signed_up(world)
    assert done.status_code == 303 and "/connected/" in done.location
    (order,) = world.rows(GatewayOrder)
    assert (order.verb, order.state, order.gateway_id) == ("let_in", "waiting", world.house.gateway_id)
    assert DEVICE in order.entry and AP_MAC in order.entry and '"minutes": 240' in order.entry
    assert 'data-state="opening"' in client.get(done.location).text


def test_a_wrong_code_orders_nothing(world: World) -> None:
    unifi(world)
    client = world.client()
    verify = leave_phone(client, arrive(world, client).text, boxes=()).location
    assert type_code(client, verify, "000000").status_code == 422
    assert world.rows(GatewayOrder) == []


def test_a_gateway_that_the_browser_opens_gets_no_order(world: World) -> None:
    from tests.journeys.test_wifi_to_internet import _fresh_join

    client = world.client()
    page = client.get(_fresh_join(world, None))
    type_code(client, leave_phone(client, page.text, boxes=()).location, world.code())
    assert world.rows(GatewayOrder) == []


def test_whoever_claims_the_mac_of_a_guest_may_look_and_press_nothing(world: World) -> None:
    unifi(world)
    _signed_up(world)
    stranger = world.client()
    looked = arrive(world, stranger)
    assert looked.request.path.startswith("/connected/") and "45-67" not in looked.text and "/disconnect" not in looked.text
    for button in ("disconnect", "forget", "open"):
        assert stranger.post(f"{looked.request.path}/{button}").status_code == 403


def test_a_storm_of_probes_of_a_device_that_is_being_let_in_writes_nothing(world: World) -> None:
    unifi(world)
    _signed_up(world)
    before = [vars(row) for row in map(_plain, world.rows(GatewayOrder))]
    for _ in range(50):
        assert arrive(world, world.client()).status_code == 200
    assert [vars(row) for row in map(_plain, world.rows(GatewayOrder))] == before


def _plain(row: Any) -> Any:
    row.__dict__.pop("_sa_instance_state")
    return row


def test_a_device_that_was_let_in_and_is_shut_out_again_is_ordered_in_once(world: World) -> None:
    unifi(world)
    _signed_up(world)
    with world.database.writing() as session:
        order = session.query(GatewayOrder).one()
        order.state, order.done_at = "done", world.now
    for seconds, orders in ((5, 1), (20, 2), (1, 2), (5, 2)):
        world.later(seconds=seconds)
        back = arrive(world, world.client())
        assert back.request.path.startswith("/connected/") and len(world.rows(GatewayOrder)) == orders


def test_what_failed_can_be_tried_again_by_a_button(world: World) -> None:
    unifi(world)
    client, status = world.client(), _signed_up(world).location
    with world.database.writing() as session:
        order = session.query(GatewayOrder).one()
        order.state, order.done_at = "failed", world.now
    page = client.get(status)
    assert 'data-state="failed"' in page.text and f'action="{urlsplit(status).path}/open"' in page.text
    assert client.post(f"{urlsplit(status).path}/open").status_code == 303
    assert [o.state for o in world.rows(GatewayOrder)] == ["failed", "waiting"]
    assert client.post(f"{urlsplit(status).path}/open").status_code == 303 and len(world.rows(GatewayOrder)) == 2
    assert AP_MAC in world.rows(GatewayOrder)[1].entry
