"""The dialogue with openNDS's authmon through HTTP: what it gets, and how little its word does."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient

from portal.access import grants, orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.acquisition.models import Visit
from portal.core.mac import Mac
from portal.gateways.opennds_cipher import gateway_hash, rhid_of, seal_payload
from portal.gateways.opennds_list import entry
from portal.venues import directory
from portal.venues.models import GatewayConfig
from tests.support.house import NOW
from tests.support.signups import World

HASH = gateway_hash("Lab Gateway")
MAC = "02aabbccdd01"


@pytest.fixture
def router(world: World) -> "Router":
    """The house's gateway is an openNDS of level 3."""
    with world.database.writing() as session:
        config = session.get_one(GatewayConfig, world.house.gateway_id)
        config.kind, config.base_url = "opennds", "http://10.91.0.1:2050"
        config.options = {"level": "3", "gatewayname": "Lab Gateway"}
    return Router(world)


class Router:
    """authmon, saying what the real one says."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.client()

    def ask(self, verb: str, payload: str = "none", given: str = HASH, *, get: bool = False) -> str:
        """Its POST (level 3), or its GET (level 4)."""
        fields = {"auth_get": verb, "gatewayhash": given, "payload": base64.b64encode(payload.encode()).decode()}
        send = {"query_string": fields} if get else {"data": fields}
        agent = {"User-Agent": "openNDS(authmon;NDS:9.10.0;)"}
        path = f"/wifi/{self.world.house.venue_code}"
        answer = (self.client.get if get else self.client.post)(path, headers=agent, **send)  # type: ignore[operator]
        assert answer.status_code == 200 and answer.mimetype == "text/plain"
        return str(answer.text)

    def listed(self, **how: Any) -> list[str]:
        """The entries of a `view`, by their rhid."""
        said = self.ask("view", **how)
        assert said == "*" or (said.startswith("* ") and len(said) - 2 <= 1022)
        return [unquote(word).split(" ")[0] for word in said[2:].split(" ") if word]

    def order(self, name: str, mac: str = MAC, seconds: int = 3600) -> AccessGrant:
        """A guest who typed the right code."""
        with self.world.database.writing() as session:
            venue = directory.venue_by_id(session, self.world.house.venue_id)
            policy = directory.policy_of(session, venue.id)
            visit = Visit(
                public_id=name[:22].ljust(22, "-"), organization_id=venue.organization_id, venue_id=venue.id, entry="wifi",
                language="ru", arrived_at=self.world.now, seen_at=self.world.now, phone_at=self.world.now,
                verified_at=self.world.now, visitor_class="person",
            )  # fmt: skip
            session.add(visit)
            session.flush()
            grant = grants.issue(
                session, venue=venue, policy=policy, visit_id=visit.public_id, mac=Mac(mac),
                gateway_id=self.world.house.gateway_id, now=self.world.now,
            )  # fmt: skip
            ends = self.world.now + timedelta(minutes=10)
            text = entry(rhid_of(name, "faskey"), seconds // 60, 0, 0, "60-0-0-" + "0" * 20)
            orders.place(session, grant, "let_in", "grant", self.world.now, entry=text, expires_at=ends, fetched=True)
        return grant


@pytest.mark.parametrize("get", [False, True], ids=["level-3", "level-4"])
def test_the_dialogue_of_a_router_that_starts_looks_and_acknowledges(router: Router, get: bool) -> None:
    assert router.ask("clear", get=get) == ""
    assert router.ask("view", get=get) == "*"
    grant = router.order("one")
    assert router.listed(get=get) == [rhid_of("one", "faskey")]
    assert router.ask("view", "*", get=get) == "ack"
    assert not router.world.rows(Visit)[0].online_at
    assert router.ask("view", f"* {rhid_of('one', 'faskey')}", get=get) == "ack"
    (visit,) = router.world.rows(Visit)
    assert (visit.online_at, visit.online_evidence, visit.public_id) == (NOW, "acknowledged", grant.visit_id)


def test_clear_and_acknowledgements_delete_nothing_and_entries_end_by_age(router: Router) -> None:
    router.order("one")
    name = rhid_of("one", "faskey")
    for verb, payload in (("clear", "none"), ("view", f"* {name}"), ("list", "none"), ("deauthed", "x"), ("custom", "x")):
        router.ask(verb, payload)
        assert router.listed() == [name]
    router.world.later(minutes=10)
    assert router.listed() == []


def test_an_entry_ends_with_its_grant(router: Router) -> None:
    grant = router.order("one")
    with router.world.database.writing() as session:
        grants.revoke(session, grant, "staff", NOW)
    assert router.listed() == []


def test_more_entries_than_fit_come_newest_first_and_those_done_go_behind(router: Router) -> None:
    """The real list holds about nine; twelve stale ones must not starve the thirteenth, nor one another."""
    names = [rhid_of(str(n), "faskey") for n in range(14)]
    for n in range(14):
        router.order(str(n), f"02aabbccdd{n:02x}")
    first = router.listed()
    assert 6 <= len(first) <= 11 and first == names[::-1][: len(first)]
    router.ask("view", "* " + " ".join(first))
    second = router.listed()
    assert set(second) >= set(names) - set(first), "what nobody acknowledged comes before what somebody did"
    router.order("new", "02aabbccddff")
    assert router.listed()[0] == rhid_of("new", "faskey")


def test_a_router_that_was_restarted_gets_everything_again_and_a_new_entry_for_a_device_that_came_again(router: Router) -> None:
    grant = router.order("one")
    router.ask("view", f"* {rhid_of('one', 'faskey')}")
    router.ask("clear")
    assert router.listed() == [rhid_of("one", "faskey")]
    with router.world.database.writing() as session:
        text = entry(rhid_of("again", "faskey"), 1, 0, 0, "60-0-0-" + "0" * 20)
        orders.place(session, grant, "let_in", "grant", NOW, entry=text, expires_at=NOW + timedelta(minutes=5), fetched=True)
    router.order("two", "02aabbccdd02")
    router.ask("view", f"* {rhid_of('two', 'faskey')}")
    assert router.listed() == [rhid_of("again", "faskey"), rhid_of("two", "faskey")], "the renewed one is not acknowledged"


def test_nobody_is_told_anything_without_the_gateways_hash(router: Router) -> None:
    router.order("one")
    for given in ("", "0" * 64, gateway_hash("Other"), HASH.upper(), "ü" * 64, "\x00"):
        assert router.ask("view", given=given) == "*"
        assert router.ask("view", f"* {rhid_of('one', 'faskey')}", given=given) == "*"
    assert router.world.rows(Visit)[0].online_at is None
    other = router.client.post("/wifi/izbushka", data={"auth_get": "view", "gatewayhash": HASH, "payload": "bm9uZQ=="})
    assert (other.status_code, other.text) == (200, "*")


def test_a_gateway_of_level_two_has_no_list(router: Router) -> None:
    with router.world.database.writing() as session:
        session.get_one(GatewayConfig, router.world.house.gateway_id).options = {"level": "2", "gatewayname": "Lab Gateway"}
    router.order("one")
    assert router.ask("view") == "*"


def test_an_acknowledgement_of_what_was_never_ordered_is_no_evidence(router: Router) -> None:
    router.order("one")
    router.ask("view", f"* {'0' * 64} {rhid_of('other', 'faskey')} 02:aa:bb:cc:dd:01 x")
    assert router.world.rows(Visit)[0].online_at is None
    assert router.world.rows(GatewayOrder)[0].said == ""


def farewell(downloaded: int, ended: int, mac: str = "02:aa:bb:cc:dd:01") -> str:
    """What binauth_log posts."""
    return (
        f"method=ndsctl_deauth, clientmac={mac}, bytes_incoming={downloaded}, bytes_outgoing=7, "
        f"session_start={int(NOW.timestamp())}, session_end={int(NOW.timestamp()) + ended}, token=323af9f6, custom=x"
    )


def test_figures_that_anybody_can_post_are_kept_as_unverified(router: Router) -> None:
    router.order("one")
    assert router.ask("deauthed", farewell(500, 60)) == "ack"
    (grant,) = router.world.rows(AccessGrant)
    assert (grant.router_downloaded, grant.router_uploaded, grant.router_verified) == (500, 7, False)
    assert grant.router_cause == "ndsctl_deauth" and grant.revoked_at is None
    router.ask("deauthed", farewell(900, 60, mac="02:aa:bb:cc:dd:99"))
    router.ask("deauthed", farewell(900, 10**8))
    assert router.world.rows(AccessGrant)[0].router_downloaded == 500


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"auth_get": "view"}, {"auth_get": "view", "gatewayhash": HASH},
        {"auth_get": "view", "gatewayhash": HASH, "payload": "%%%"},
        {"auth_get": "deauthed", "gatewayhash": HASH, "payload": "AAAA"},
        {"auth_get": "\x00", "gatewayhash": "\x00", "payload": "\x00"},
        {"auth_get": "x" * 3000, "gatewayhash": "y" * 3000, "payload": "z" * 1000},
        {"auth_get": ["view", "clear"], "gatewayhash": [HASH, "x"]},
        {"auth_get": "view", "gatewayhash": HASH, "payload": base64.b64encode(b"* " + b"a" * 5000).decode()},
        {"auth_get": "view", "gatewayhash": HASH, "payload": base64.b64encode(b"* " + b" ".join([b"0" * 64] * 80)).decode()},
    ],
    ids=range(10),
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_hostile_questions_get_a_short_answer(router: Router, fields: dict[str, Any], method: str) -> None:
    client: FlaskClient = router.client
    send = {"data": fields} if method == "POST" else {"query_string": {"auth_get": "", **fields}}
    answer = client.open(f"/wifi/{router.world.house.venue_code}", method=method, **send)  # type: ignore[arg-type]
    assert answer.status_code == 200 and len(answer.data) < 2000
    assert router.world.rows(Visit) == []


def test_a_large_body_is_refused_unread(router: Router) -> None:
    answer = router.client.post(
        f"/wifi/{router.world.house.venue_code}", data=b"a=" + b"x" * 20_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413


def test_a_guest_s_page_is_still_there(router: Router) -> None:
    assert router.client.get(f"/wifi/{router.world.house.venue_code}?fas=x").status_code == 400


def test_a_device_that_comes_again_under_another_name_is_listed_under_that_one(router: Router) -> None:
    """The router was restarted, or forgot it: its old name opens nothing, however long the old entry would still wait."""
    router.order("one")
    assert router.listed() == [rhid_of("one", "faskey")]
    with router.world.database.reading() as session:
        secret = session.get_one(GatewayConfig, router.world.house.gateway_id).secret
    hid = "3e" * 32
    plain = (
        f"hid={hid}, clientip=10.0.0.9, clientmac=02:aa:bb:cc:dd:01, gatewayname=Lab%20Gateway, gatewayaddress=10.91.0.1:2050, "
        "authdir=opennds_auth, originurl=http%3a%2f%2fa.test%2f, clientif=lan, (null)(null)"
    )
    query = {"fas": seal_payload(3, plain, "0123456789abcdef", secret), "iv": "0123456789abcdef"}
    for _ in range(3):
        answer = router.client.get(f"/wifi/{router.world.house.venue_code}", query_string=query)
        assert answer.status_code == 303 and "/connected/" in answer.location
    assert router.listed() == [rhid_of(hid, secret)]
    assert len(router.world.rows(GatewayOrder)) == 1
    signed = router.world.rows(GatewayOrder)[0].entry.split(" ")[-1]
    assert signed.startswith(f"{router.world.rows(AccessGrant)[0].session_seconds // 60 * 60}-0-0-")


def test_a_device_that_is_online_and_knocks_at_the_router_again_is_told_so(router: Router) -> None:
    told = "tok=x&redir=http%3a%2f%2fa.test%2f%3ffas=x&status=authenticated"
    answer = router.client.get(f"/wifi/{router.world.house.venue_code}?{told}")
    assert answer.status_code == 200 and "x" * 64 not in answer.text
    assert router.world.rows(Visit) == []
