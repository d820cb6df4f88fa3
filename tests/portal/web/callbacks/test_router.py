"""Our script on the router, at the door: its key opens, its word counts, and it is told whom to put out."""

from datetime import datetime, timedelta

import pytest

from portal.access import grants, orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.acquisition.models import Visit
from portal.core.mac import Mac
from portal.venues import directory, signs
from portal.venues.models import GatewayConfig
from tests.support.house import NOW, build_house
from tests.support.signups import World

KEY = "script-key-0123456789-abcdef"
MAC = Mac("02aabbccdd01")


@pytest.fixture
def script(world: World) -> "Script":
    """The house's gateway has a script; a neighbour's has another."""
    with world.database.writing() as session:
        config = session.get_one(GatewayConfig, world.house.gateway_id)
        config.key, config.script_key = "gateway0one", KEY
        other = session.get_one(GatewayConfig, build_house(session, "izbushka").gateway_id)
        other.key, other.script_key = "gateway0two", "another-" + KEY
        third = session.get_one(GatewayConfig, build_house(session, "kolobok").gateway_id)
        third.key = "gateway0three"
    return Script(world)


class Script:
    """What poll.sh sends."""

    def __init__(self, world: World) -> None:
        self.world, self.client = world, world.client()

    def say(self, *lines: str, key: str = KEY, gateway: str = "gateway0one") -> tuple[int, list[str]]:
        """Status and the lines of the answer."""
        headers = {"X-Vestibule-Key": key, "Content-Type": "text/plain"}
        answer = self.client.post(f"/router/{gateway}/poll", data="".join(line + "\n" for line in lines), headers=headers)
        return answer.status_code, answer.text.splitlines()

    def grant(self, name: str = "one") -> AccessGrant:
        """A guest who may be online."""
        now = self.world.now
        with self.world.database.writing() as session:
            venue = directory.venue_by_id(session, self.world.house.venue_id)
            visit = Visit(
                public_id=name.ljust(22, "-"), organization_id=venue.organization_id, venue_id=venue.id, entry="wifi",
                language="ru", visitor_class="person", arrived_at=now, seen_at=now, phone_at=now, verified_at=now,
            )  # fmt: skip
            session.add(visit)
            session.flush()
            return grants.issue(
                session, venue=venue, policy=directory.policy_of(session, venue.id), visit_id=visit.public_id, mac=MAC,
                gateway_id=self.world.house.gateway_id, now=now,
            )  # fmt: skip

    def cut_off(self, grant: AccessGrant) -> int:
        """Staff ends it: the worker's order for the router."""
        with self.world.database.writing() as session:
            grants.revoke(session, grant, "staff", self.world.now)
            ends = self.world.now + timedelta(hours=1)
            return orders.place(session, grant, "put_out", "staff", NOW, entry=MAC.colons, expires_at=ends, fetched=True)

    def order(self) -> GatewayOrder:
        """The only one."""
        (found,) = self.world.rows(GatewayOrder)
        return found


def test_without_its_key_a_router_learns_nothing(script: Script) -> None:
    script.cut_off(script.grant())
    for gateway, key in (
        ("gateway0one", ""), ("gateway0one", KEY + "x"), ("gateway0one", "ü"), ("gateway0two", KEY), ("gateway0three", ""),
        ("nothing", KEY), ("gateway0one" * 9, KEY), ("ü", KEY),
    ):  # fmt: skip
        assert script.say("done 1", key=key, gateway=gateway) == (403, [])
    assert script.order().state == "waiting"
    assert script.client.post(f"/router/gateway0one/poll?key={KEY}&X-Vestibule-Key={KEY}").status_code == 403, (
        "never in an address"
    )
    assert script.client.get("/router/gateway0one/poll", headers={"X-Vestibule-Key": KEY}).status_code == 405


@pytest.mark.parametrize("outcome", ["done", "absent"])
def test_the_router_is_told_whom_to_put_out_until_it_says_that_they_are(script: Script, outcome: str) -> None:
    assert script.say() == (200, ["vestibule 1"])
    number = script.cut_off(script.grant())
    told = ["vestibule 1", f"deauth {number} 02:aa:bb:cc:dd:01"]
    assert script.say() == (200, told)
    assert script.say(f"failed {number}") == (200, told), "it is asked again"
    assert script.say(f"{outcome} {number}") == (200, ["vestibule 1"])
    assert script.order().state == "done" and script.world.rows(AccessGrant)[0].put_out_at == NOW
    with script.world.database.reading() as session:
        assert "disconnect" in signs.seen(session, script.world.house.gateway_id)


def test_another_gateways_order_is_not_ended(script: Script) -> None:
    number = script.cut_off(script.grant())
    assert script.say(f"done {number}", key="another-" + KEY, gateway="gateway0two") == (200, ["vestibule 1"])
    assert script.order().state == "waiting"


def test_a_let_in_cannot_be_called_done_by_its_number(script: Script) -> None:
    grant = script.grant()
    with script.world.database.writing() as session:
        number = orders.place(session, grant, "let_in", "grant", NOW, entry="x", fetched=True)
    script.say(f"done {number}")
    assert script.order().state == "waiting"


def test_who_came_is_online_and_the_entry_is_done(script: Script) -> None:
    grant = script.grant()
    with script.world.database.writing() as session:
        orders.place(session, grant, "let_in", "grant", NOW, entry="x", fetched=True)
    script.say("on 02:aa:bb:cc:dd:01", "on 02:aa:bb:cc:dd:99")
    assert script.order().state == "done"
    (visit,) = script.world.rows(Visit)
    assert (visit.online_at, visit.online_evidence) == (NOW, "acknowledged")


def test_who_was_let_in_after_the_word_to_put_them_out_is_put_out_once_more(script: Script) -> None:
    number = script.cut_off(script.grant())
    assert script.say(f"absent {number}")[1] == ["vestibule 1"]
    script.say(f"on {MAC}", f"on {MAC}")
    (again,) = [line for line in script.say()[1] if line.startswith("deauth ")]
    assert again.endswith(f" {MAC}") and again != f"deauth {number} {MAC}"
    assert not script.world.rows(Visit)[0].online_at


def gone(downloaded: int, ended: datetime, started: datetime = NOW) -> str:
    """A line of BinAuth's."""
    return f"off 02:aa:bb:cc:dd:01 timeout_deauth {downloaded} 7 {int(started.timestamp())} {int(ended.timestamp())}"


def test_sessions_are_added_up_each_once_and_beat_what_anybody_posted(script: Script) -> None:
    script.grant()
    with script.world.database.writing() as session:
        session.query(AccessGrant).update({"router_downloaded": 10**9, "router_verified": False})
    script.world.later(minutes=3)
    first = gone(100, NOW + timedelta(minutes=1))
    script.say(first, first)
    script.say(first)
    script.say(gone(50, NOW + timedelta(minutes=2), NOW + timedelta(minutes=1)))
    (grant,) = script.world.rows(AccessGrant)
    assert (grant.router_downloaded, grant.router_uploaded, grant.router_verified) == (150, 14, True)
    assert grant.router_cause == "timeout_deauth"


@pytest.mark.parametrize(
    "line",
    ["", " ", "on", "on nobody", "on 00:00:00:00:00:00", "off", "off x y z", "done x", "done -1", "done 1 2", "done " + "9" * 400,
     "\x00",
     "off 02:aa:bb:cc:dd:01 m 1 1 1 " + "9" * 50, "off 02:aa:bb:cc:dd:01 m x 1 1 2", "вкл", "x" * 50_000],
    ids=range(16),
)  # fmt: skip
def test_odd_lines_are_passed_over(script: Script, line: str) -> None:
    script.grant()
    assert script.say(line, "on 02:aa:bb:cc:dd:01") == (200, ["vestibule 1"])
    assert script.world.rows(Visit)[0].online_at == NOW


def test_a_large_report_is_refused_unread(script: Script) -> None:
    assert script.say("x" * 70_000)[0] == 413
