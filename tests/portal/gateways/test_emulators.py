"""The pretend routers do what the real ones were seen to do: challenges, refusals, orders, timers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from pyrad.dictionary import Dictionary
from pyrad.packet import CoAPacket, DisconnectNAK, DisconnectRequest

from portal.core.mac import Mac
from portal.gateways.radius_dynamic import NasSession, Terms, change, disconnect
from tests.support import radius_line as wire
from tests.support.chilli_router import VIEWPOINT, ChilliRouter, Uam
from tests.support.hotspot import Device, Hotspot, Request, Session
from tests.support.mikrotik_router import MikroTikRouter, Profile
from tests.support.radius_line import Answer, Attributes, Key, RadiusLine, address, answer_to, number

SECRET = "n" * 32
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MAC = Mac("02aabbccdd01")
LOGIN_PAGE = "$(chap-challenge) $(error)"


@dataclass
class Line(RadiusLine):
    """RADIUS that says what it is told to, and remembers what it was asked."""

    says: Answer = field(default_factory=lambda: Answer(True, {wire.SESSION_TIMEOUT: number(60), wire.IDLE_TIMEOUT: number(0)}))
    asked: list[dict[Key, bytes]] = field(default_factory=list)

    def ask(self, attributes: Attributes, password: str | None = None) -> Answer:
        """Whatever is asked."""
        self.asked.append(dict(attributes))
        return self.says

    def account(self, attributes: Attributes) -> bool:
        """Always acknowledged."""
        return True


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = NOW.timestamp()

    def __call__(self) -> float:
        return self.now


def chilli(clock: Clock, **uam: bool) -> ChilliRouter:
    router = ChilliRouter(Line(0, 0, SECRET), "nas", clock)
    router.url, router.uam = "http://10.1.0.1:3990", Uam("https://portal.example/wifi/x", "uamsecret", macauth=False, **uam)
    return router


def mikrotik(clock: Clock) -> MikroTikRouter:
    router = MikroTikRouter(Line(0, 0, SECRET), "nas", clock)
    router.url = "http://10.5.50.1"
    router.profile = Profile({"login.html": LOGIN_PAGE, "alogin.html": "in"}, mac=False)
    return router


def get(router: Hotspot, device: Device, url: str) -> dict[str, str]:
    """What the router's redirect says."""
    values = dict(parse_qsl(urlsplit(url).query))
    reply = router.see(Request(device.ip, "GET", url if url.startswith("http") else router.url + url, values))
    return dict(parse_qsl(urlsplit(reply.location).query)) | {"body": reply.body}


def test_a_challenge_stays_until_a_login_fails_or_the_guest_leaves() -> None:
    router = chilli(Clock())
    device = router.join(MAC)
    first = get(router, device, "http://a.example/")
    assert first["res"] == "notyet" and get(router, device, "/prelogin")["challenge"] == first["challenge"]
    router.line.says = Answer(False)
    failed = get(router, device, "/logon?username=u&response=" + "0" * 32)
    assert (failed["res"], failed["reason"]) == ("failed", "reject") and failed["challenge"] != first["challenge"]
    router.line.says = Answer(True)
    assert get(router, device, "/logon?username=u&response=" + "0" * 32)["res"] == "success"
    assert get(router, device, "/logon?username=u&response=" + "0" * 32)["res"] == "already"
    left = get(router, device, "/logoff")
    assert left["res"] == "logoff" and left["challenge"] != failed["challenge"] and device.session is None


def test_an_old_build_refuses_with_a_challenge_that_is_worth_nothing() -> None:
    router = chilli(Clock(), old=True)
    device = router.join(MAC)
    router.line.says = Answer(False)
    failed = get(router, device, "/logon?username=u&response=" + "0" * 32)
    assert get(router, device, "/prelogin")["challenge"] != failed["challenge"]


def test_silence_of_radius_and_an_old_challenge_are_told_apart() -> None:
    clock = Clock()
    router = chilli(clock)
    device = router.join(MAC)
    get(router, device, "http://a.example/")
    router.line.says = Answer(None)
    assert get(router, device, "/logon?username=u&response=" + "0" * 32)["reason"] == "timeout"
    clock.now += 601
    assert get(router, device, "/logon?username=u&response=" + "0" * 32)["reason"] == "other"
    assert len(router.line.asked) == 1, "an old challenge is not even asked about"


def test_its_status_is_json() -> None:
    router = chilli(Clock())
    device = router.join(MAC)
    assert '"clientState": 0' in get(router, device, "/json/status")["body"]
    router.log_in(device, "u", {})
    assert '"clientState": 1' in get(router, device, "/json/status")["body"]


def online(make: Callable[[Clock], Hotspot]) -> tuple[Hotspot, Device, Session]:
    router = make(Clock())
    device = router.join(MAC)
    router.log_in(device, "user-1", {})
    assert device.session is not None
    return router, device, device.session


def order(code: int, **facts: bytes) -> bytes:
    """A raw order; facts by attribute name in lower case."""
    numbers = {"user_name": wire.USER_NAME, "session_id": wire.ACCT_SESSION_ID, "calling": wire.CALLING, "ip": wire.FRAMED_IP}
    packet = CoAPacket(code, 7, SECRET.encode(), dict=Dictionary())
    for name, value in facts.items():
        packet[numbers[name]] = [value]
    raw: bytes = packet.RequestPacket()
    return raw


def reply_to(router: Hotspot, raw: bytes, secret: str = SECRET) -> tuple[int, bool] | None:
    """Code of the answer, and whether it names an Error-Cause."""
    answer = answer_to(raw, secret.encode(), router.obey)
    return None if answer is None else (answer[0], len(answer) > 20)


def test_chilli_answers_only_who_names_the_user() -> None:
    router, device, session = online(chilli)
    for facts in ({"session_id": session.session_id.encode()}, {"calling": MAC.dashes.encode()}, {"ip": address(device.ip)}, {}):
        assert reply_to(router, order(DisconnectRequest, **facts)) is None
    assert reply_to(router, order(DisconnectRequest, user_name=b"nobody")) == (DisconnectNAK, False)
    assert reply_to(router, order(DisconnectRequest, user_name=b"user-1", session_id=b"other")) == (DisconnectNAK, False)
    assert reply_to(router, order(DisconnectRequest, user_name=b"user-1"), secret="x" * 32) is None
    assert device.session is session
    assert reply_to(router, order(DisconnectRequest, user_name=b"user-1")) is not None and device.session is None


def test_mikrotik_takes_a_name_a_session_or_an_address_and_says_503_otherwise() -> None:
    for facts in ({"user_name": b"user-1"}, {"session_id": b""}, {"ip": b""}):
        router, device, session = online(mikrotik)
        known = {"session_id": session.session_id.encode(), "ip": address(device.ip), "user_name": b"user-1"}
        assert reply_to(router, order(DisconnectRequest, **{name: b"\x7f\x00\x00\x09" for name in facts})) == (
            DisconnectNAK,
            True,
        )
        assert device.session is session
        reply_to(router, order(DisconnectRequest, **{name: known[name] for name in facts}))
        assert device.session is None
    assert reply_to(router, order(DisconnectRequest)) == (DisconnectNAK, True)


@pytest.mark.parametrize("make", [chilli, mikrotik])
def test_both_obey_the_products_own_orders(make: Callable[[Clock], Hotspot]) -> None:
    router, device, session = online(make)
    named = NasSession("user-1", session.session_id)
    longer = change(named, Terms(900, 1000, 2000), None, SECRET, 1, NOW)
    answered = longer.read(answer_to(longer.raw, SECRET.encode(), router.obey) or b"")
    assert answered is not None and answered.ack and session.timeout == 900
    end = disconnect(named, SECRET, 2, NOW)
    answered = end.read(answer_to(end.raw, SECRET.encode(), router.obey) or b"")
    assert answered is not None and answered.ack and device.session is None
    assert router.sent[-1][wire.ACCT_STATUS] == number(wire.STOP) and router.sent[-1][wire.ACCT_CAUSE] == number(6)
    answered = end.read(answer_to(end.raw, SECRET.encode(), router.obey) or b"")
    assert answered is not None and not answered.ack and answered.gone


def test_octets_are_counted_from_the_side_that_each_router_sees() -> None:
    for make, first, view in ((chilli, 5, number(2)), (mikrotik, 7, None)):
        router, device, session = online(make)
        router.transfer(device, downloaded=5 + 2**32, uploaded=7)
        router.log_out(device, "User-Request")
        stop = router.sent[-1]
        assert stop[wire.ACCT_INPUT] == number(first) and stop.get(VIEWPOINT) == view
        assert {stop[wire.ACCT_IN_GIGA], stop[wire.ACCT_OUT_GIGA]} == {number(0), number(1)} and session.session_id


@pytest.mark.parametrize("make", [chilli, mikrotik])
def test_time_idleness_and_interim_reports_are_kept(make: Callable[[Clock], Hotspot]) -> None:
    clock = Clock()
    router = make(clock)
    device = router.join(MAC)
    for timeout, idle, wait, cause in ((60, 0, 60, 5), (0, 30, 30, 4)):
        router.line.says = Answer(True, {wire.SESSION_TIMEOUT: number(timeout), wire.IDLE_TIMEOUT: number(idle)})
        router.log_in(device, "u", {})
        clock.now += wait - 1
        router.sweep()
        assert device.session is not None
        clock.now += 1
        router.sweep()
        assert device.session is None and router.sent[-1][wire.ACCT_CAUSE] == number(cause)
    router.line.says = Answer(True, {wire.INTERIM: number(59)})
    router.log_in(device, "u", {})
    assert device.session.interim == 600, "below 60 it is ignored"
    clock.now += 600
    router.sweep()
    assert router.sent[-1][wire.ACCT_STATUS] == number(wire.UPDATE)


def test_a_mikrotik_page_has_a_challenge_of_its_own_each_time() -> None:
    router = mikrotik(Clock())
    device = router.join(MAC)
    pages = {get(router, device, "/login")["body"] for _ in range(3)}
    assert len(pages) == 3
    assert "did not send challenge" in get(router, device, "/login?username=u&password=plain")["body"]
    router.line.says = Answer(None)
    assert "not responding" in get(router, device, "/login?username=u&password=" + "0" * 32)["body"]
