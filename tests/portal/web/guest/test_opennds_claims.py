"""openNDS at the levels whose redirect anybody can write: the MAC of a guest who is in, claimed by another device."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from portal.access.models import AccessGrant, GatewayOrder
from portal.core.mac import Mac
from portal.gateways.opennds_cipher import is_signed, rhid_of, seal_payload
from portal.venues.models import GatewayConfig
from tests.support.access import OTHER_MAC, PHONE_MAC
from tests.support.signups import World, leave_phone, type_code

OWN, FOREIGN, RENEWED = "a" * 64, "b" * 64, "c" * 64
IV = "0123456789abcdef"


class Router:
    """What an openNDS of one level sends, and what anybody can send in its place where nothing is encrypted."""

    def __init__(self, world: World, level: int) -> None:
        self.world, self.level = world, level
        with world.database.writing() as session:
            config = session.get_one(GatewayConfig, world.house.gateway_id)
            config.kind, config.base_url, self.key = "opennds", "http://10.91.0.1:2050", config.secret
            config.options = {"level": str(level), "gatewayname": "cafe", "allow_bypass": True}

    def redirect(self, hid: str, mac: Mac = PHONE_MAC, wanted: str = "http://neverssl.test/") -> str:
        said = {
            "hid": hid, "clientip": "10.91.0.97", "clientmac": mac.colons, "gatewayname": "cafe",
            "gatewayaddress": "10.91.0.1:2050", "originurl": quote(wanted, safe=""), "clientif": "wlan0",
        }  # fmt: skip
        if self.level in (2, 3):
            said["authdir"] = "opennds_auth"
        plain = ", ".join(f"{name}={value}" for name, value in said.items())
        fas = quote(seal_payload(self.level, plain, IV, self.key))
        return f"/wifi/{self.world.house.venue_code}?fas={fas}" + (f"&iv={IV}" if self.level in (2, 3) else "")

    def guest(self) -> Any:
        """A guest who typed the right code; the last answer."""
        client = self.world.client()
        sent = leave_phone(client, client.get(self.redirect(OWN)).text, boxes=())
        return type_code(client, sent.location, self.world.code())

    def entries(self) -> list[str]:
        return [order.entry.partition(" ")[0] for order in self.world.rows(GatewayOrder)]


def tok_of(location: str) -> str:
    return parse_qs(urlsplit(location).query).get("tok", [""])[0]


@pytest.fixture(params=[1, 2, 3, 4])
def router(world: World, request: pytest.FixtureRequest) -> Router:
    return Router(world, request.param)


@pytest.mark.parametrize("level", [1, 4])
def test_who_claims_a_guest_s_mac_opens_nothing_with_a_hid_of_their_own(world: World, level: int) -> None:
    router = Router(world, level)
    router.guest()
    answer = world.client().get(router.redirect(FOREIGN))
    assert tok_of(answer.location or "") != rhid_of(FOREIGN, router.key)
    assert rhid_of(FOREIGN, router.key) not in router.entries()
    assert len(world.rows(AccessGrant)) == 1


def test_at_level_four_a_guest_whom_the_router_forgot_is_let_in_by_the_mac(world: World) -> None:
    router = Router(world, 4)
    router.guest()
    for _ in range(3):
        world.client().get(router.redirect(OWN))
        assert router.entries() == [rhid_of(OWN, router.key)]
    for _ in range(3):
        world.client().get(router.redirect(RENEWED))
        assert router.entries() == [PHONE_MAC.colons]


def test_at_level_one_the_link_that_the_guest_was_given_leads_in_again(world: World) -> None:
    router = Router(world, 1)
    given = parse_qs(urlsplit(router.guest().location).query)["redir"][0]
    back = world.client().get(router.redirect(RENEWED, wanted=given))
    assert tok_of(back.location) == rhid_of(RENEWED, router.key)
    other = world.client().get(router.redirect(RENEWED, OTHER_MAC, wanted=given))
    assert other.status_code == 200 and "visit" in other.text


def test_a_redirect_that_somebody_shows_again_leads_to_a_page_with_nothing_to_press(router: Router) -> None:
    """At level 2 it travels in clear: who listens has it."""
    router.guest()
    answer = router.world.client().get(router.redirect(OWN))
    if router.level == 1:
        assert answer.status_code == 200
        return
    link = parse_qs(urlsplit(answer.location).query)["redir"][0] if router.level == 2 else answer.location
    page = router.world.client().get(urlsplit(link).path)
    assert page.status_code == 200 and "/disconnect" not in page.text and "/forget" not in page.text
    assert router.world.client().post(urlsplit(link).path + "/disconnect").status_code == 403


def test_a_signature_covers_the_hid_or_the_mac_that_the_entry_names(world: World) -> None:
    router = Router(world, 4)
    router.guest()
    world.client().get(router.redirect(FOREIGN))
    (order,) = world.rows(GatewayOrder)
    with world.database.reading() as session:
        script_key = session.get_one(GatewayConfig, world.house.gateway_id).script_key
    assert is_signed(script_key, PHONE_MAC.colons, order.entry.split()[-1])
    assert not is_signed(script_key, FOREIGN, order.entry.split()[-1])
