"""Damaged and hostile packets at the real FreeRADIUS: no accept, no 500 of the hooks, and an honest guest still gets in."""

import hashlib
import hmac
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from portal.access import grants
from portal.core.db import Database
from portal.core.migrations import migrate
from tests.conftest import make_settings, skip_or_fail
from tests.support.access import PHONE_MAC, make_grant
from tests.support.house import NOW, build_house
from tests.support.radius import PrivateRadius, missing, serve_hooks
from tests.support.radius_packets import ACCEPT, ACCESS_REQUEST, access_request, ask_all, attribute

AT_ONCE = 40  # packets of an example: FreeRADIUS gets them in one burst
WAIT = 0.15


class Target:
    """A FreeRADIUS, its hooks with every status they answered, and the login of a guest who may come in."""

    def __init__(self, server: PrivateRadius, statuses: list[int], login: grants.Login) -> None:
        self.server, self.statuses, self.login = server, statuses, login

    def take(self, packets: list[bytes]) -> set[int | None]:
        """Throw packets at it; the codes of its answers."""
        return {one.code for one in ask_all(self.server.auth_port, packets, again_after=WAIT, tries=1)}

    def honest(self, user: str = "", mac: str = PHONE_MAC.dashes) -> bytes:
        """A right packet of the guest's router; another user when one is named."""
        return access_request(1, self.server.secret, user or self.login.user_name, self.login.password, mac)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One server for all examples."""
    reason = missing()
    if reason:
        skip_or_fail(reason)
    folder: Path = tmp_path_factory.mktemp("malformed-radius")
    settings = make_settings(folder)
    database = Database(settings.url_of_database)
    migrate(database.engine)
    with database.writing() as session:
        house = build_house(session)
        login = grants.login(make_grant(session, house, NOW), NOW)
    statuses: list[int] = []
    with serve_hooks(settings, database, lambda: NOW, seen=statuses.append) as url:
        server = PrivateRadius(settings, database, url)
        yield Target(server, statuses, login)
        server.stop()
    database.engine.dispose()


@pytest.fixture
def unharmed(target: Target) -> Iterator[Callable[[list[bytes]], None]]:
    """Nothing thrown is accepted, the hooks never fail, and afterwards an honest guest gets in."""

    def throw(packets: list[bytes]) -> None:
        assert ACCEPT not in target.take(packets)
        assert not [status for status in target.statuses if status >= 500]

    yield throw
    (answer,) = ask_all(target.server.auth_port, [target.honest()])
    assert answer.code == ACCEPT


def signed(target: Target, attributes: bytes, code: int = ACCESS_REQUEST) -> bytes:
    """Any attributes under a right Message-Authenticator: what somebody who knows a router's secret can send."""
    head = struct.pack("!BBH", code, 7, min(20 + 18 + len(attributes), 65535)) + os.urandom(16)
    rest = attribute(80, bytes(16)) + attributes
    signature = hmac.new(target.server.secret.encode(), head + rest, hashlib.md5).digest()
    return head + attribute(80, signature) + attributes


noise = st.binary(max_size=300)
odd_attributes = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=12)
lenient = hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@given(st.lists(noise, min_size=1, max_size=AT_ONCE))
@lenient
def test_noise_is_harmless(unharmed: Callable[[list[bytes]], None], packets: list[bytes]) -> None:
    unharmed([packet or b"\x00" for packet in packets])


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), min_size=1, max_size=AT_ONCE))
@lenient
def test_an_honest_packet_with_a_flipped_octet_lets_nobody_in(
    target: Target, unharmed: Callable[[list[bytes]], None], flips: list[tuple[int, int]]
) -> None:
    packets = []
    for place, change in flips:
        packet = bytearray(target.honest())
        packet[place % len(packet)] ^= change
        packets.append(bytes(packet))
    unharmed(packets)


@given(st.lists(st.integers(0, 150), min_size=1, max_size=AT_ONCE))
@lenient
def test_an_honest_packet_cut_short_lets_nobody_in(
    target: Target, unharmed: Callable[[list[bytes]], None], lengths: list[int]
) -> None:
    whole = target.honest()
    unharmed([whole[: length % len(whole)] or b"\x01" for length in lengths])


@given(st.lists(odd_attributes, min_size=1, max_size=AT_ONCE))
@lenient
def test_odd_attributes_under_a_right_signature_let_nobody_in(
    target: Target, unharmed: Callable[[list[bytes]], None], packets: list[list[tuple[int, bytes]]]
) -> None:
    unharmed([signed(target, b"".join(attribute(kind, value) for kind, value in one if kind != 80)) for one in packets])


@given(st.lists(st.text(max_size=60), min_size=1, max_size=AT_ONCE))
@lenient
def test_any_text_as_a_user_name_lets_nobody_in(
    target: Target, unharmed: Callable[[list[bytes]], None], names: list[str]
) -> None:
    unharmed([target.honest(user=name[:40]) for name in names if name])


CORPUS = (
    "%{User-Name}", "%{exec:/bin/true}", "%{rest:http://127.0.0.1:1/}", "' OR 1=1 --", "\x00", "a\x00b", "\r\nX: y", '"}{"', "\\",
    "é" * 100, "../../authorize", "?x=1", "#", "-", "0-0", "000000000000", "FF-FF-FF-FF-FF-FF", PHONE_MAC.hex, PHONE_MAC.dashes,
)  # fmt: skip


def test_the_corpus_of_names_lets_nobody_in(target: Target, unharmed: Callable[[list[bytes]], None]) -> None:
    unharmed([target.honest(user=name) for name in CORPUS])
    unharmed([target.honest(mac=name) for name in CORPUS[:-2]])


def test_an_honest_packet_sent_again_from_another_router_or_under_another_code_lets_nobody_in(
    target: Target, unharmed: Callable[[list[bytes]], None]
) -> None:
    stranger = access_request(
        1, "another-secret-0123456789abcdef", target.login.user_name, target.login.password, PHONE_MAC.dashes
    )
    others = [bytes([code]) + target.honest()[1:] for code in (0, 2, 3, 4, 5, 11, 12, 40, 43, 255)]
    unharmed([stranger, *others])
