"""A real FreeRADIUS with the configuration that `vestibule radius config` writes, asked by radclient."""

import itertools
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.config import Settings
from portal.core.db import Database
from tests.conftest import skip_or_fail
from tests.radius_hooks.conftest import Moment
from tests.support.access import OTHER_MAC, PHONE_MAC, log_in
from tests.support.house import House
from tests.support.radius import PrivateRadius, free_port, missing, serve_hooks
from tests.support.radius_packets import ACCEPT, access_request, ask_all

pytestmark = pytest.mark.freeradius
MINE = f'Calling-Station-Id = "{PHONE_MAC.dashes}"'


def is_signed(answer: str) -> bool:
    """True when Message-Authenticator is the answer's first attribute."""
    lines = answer.splitlines()
    return len(lines) > 1 and lines[1].strip().startswith("Message-Authenticator = 0x")


def test_a_verified_device_is_accepted_for_its_time_and_speed(radius: PrivateRadius, grant: AccessGrant, clock: Moment) -> None:
    clock.now += timedelta(seconds=600)
    answer = radius.authorize(*log_in(grant, clock.now), MINE)
    assert answer.startswith("Access-Accept") and is_signed(answer)
    for line in (
        f"Session-Timeout = {4 * 3600 - 600}", "Idle-Timeout = 900", "Acct-Interim-Interval = 600",
        "WISPr-Bandwidth-Max-Down = 8000000", "WISPr-Bandwidth-Max-Up = 4000000", 'Mikrotik-Rate-Limit = "4000k/8000k"',
        f"Class = 0x{grant.visit_id.encode().hex()}",
    ):  # fmt: skip
        assert line in answer
    assert grant.visit_id in radius.outcomes() and log_in(grant, clock.now)[1] not in radius.outcomes()


def test_chap_is_accepted_too(radius: PrivateRadius, grant: AccessGrant, clock: Moment) -> None:
    user, password = log_in(grant, clock.now)
    assert radius.authorize(user, password, MINE, how="CHAP").startswith("Access-Accept")
    assert radius.authorize(user, password + "x", MINE, how="CHAP").startswith("Access-Reject")


def test_everyone_else_is_rejected_with_a_signed_and_empty_answer(
    radius: PrivateRadius, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    user, password = log_in(grant, clock.now)
    answers = [
        radius.authorize("unverified", "whatever", MINE),
        radius.authorize(user, "wrong", MINE),
        radius.authorize(user, "", MINE),
        radius.authorize(user, password, f'Calling-Station-Id = "{OTHER_MAC.dashes}"'),
        radius.authorize(user, password),
        radius.authorize(grant.user_name, grant.password, MINE),
        radius.authorize("%{client:secret}", password, MINE),
        radius.authorize("a/../b?c=d", "x", MINE),
        radius.authorize(f'{user}\\",\\"Calling-Station-Id\\":\\"{PHONE_MAC.dashes}', password),
        radius.authorize(PHONE_MAC.dashes, PHONE_MAC.dashes, MINE),
    ]
    clock.now += timedelta(hours=5)
    answers.append(radius.authorize(*log_in(grant, clock.now), MINE))
    clock.now -= timedelta(hours=5)
    with database.writing() as session:
        grants.revoke(session, grant, "staff", clock.now)
    answers.append(radius.authorize(user, password, MINE))
    for answer in answers:
        assert answer.startswith("Access-Reject") and is_signed(answer), answer
        assert len(answer.strip().splitlines()) == 2, answer


def test_a_request_without_a_message_authenticator_is_not_answered(
    radius: PrivateRadius, grant: AccessGrant, clock: Moment
) -> None:
    assert radius.authorize(*log_in(grant, clock.now), MINE, signed=False, tries=1) == ""


def test_a_request_with_another_secret_is_not_answered(radius: PrivateRadius, grant: AccessGrant, clock: Moment) -> None:
    assert radius.authorize(*log_in(grant, clock.now), MINE, secret="x" * 32, tries=1) == ""


def test_every_written_file_is_for_its_owner_alone(radius: PrivateRadius) -> None:
    written = [path for path in radius.folder.glob("*.conf")]
    assert {path.name for path in written} == {
        "radiusd.conf", "clients.conf", "roaming.conf", "rest.conf", "detail.conf", "hooks.conf", "site.conf",
    }  # fmt: skip
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written)


@pytest.fixture
def lonely(settings: Settings, database: Database, house: House) -> Iterator[tuple[PrivateRadius, int]]:
    """FreeRADIUS started while no hooks stand, and the port where they should."""
    reason = missing()
    if reason:
        skip_or_fail(reason)
    port = free_port()
    server = PrivateRadius(settings, database, f"http://127.0.0.1:{port}")
    yield server, port
    server.stop()


def test_without_hooks_it_starts_stays_silent_and_recovers(
    lonely: tuple[PrivateRadius, int], settings: Settings, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    server, port = lonely
    assert server.authorize(*log_in(grant, clock.now), MINE, tries=1) == ""
    with serve_hooks(settings, database, clock, port):
        answers = [server.authorize(*log_in(grant, clock.now), MINE) for _ in range(3)]
        assert answers[-1].startswith("Access-Accept")
        assert not any(answer.startswith("Access-Reject") for answer in answers)


def test_a_router_that_asks_again_is_answered_once_the_hooks_are_back(
    lonely: tuple[PrivateRadius, int], settings: Settings, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    server, port = lonely
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(server.authorize, *log_in(grant, clock.now), MINE, tries=8)
        time.sleep(2)  # the first try has met silence
        with serve_hooks(settings, database, clock, port):
            assert asking.result().startswith("Access-Accept")


def test_hooks_with_another_secret_let_nobody_in_and_turn_nobody_away(
    lonely: tuple[PrivateRadius, int], settings: Settings, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    server, port = lonely
    other = settings.model_copy(
        update={"radius_hook_secret": type(settings.radius_hook_secret)("another-secret-0123456789-abcdef")}
    )
    with serve_hooks(other, database, clock, port):
        assert server.authorize(*log_in(grant, clock.now), MINE) == ""
    with serve_hooks(settings, database, clock, port):
        assert server.authorize(*log_in(grant, clock.now), MINE).startswith("Access-Accept")


CALLED = (
    "00-11-22-33-44-55:Cafe", "00:11:22:33:44:55:Cafe", "0011.2233.4455:Cafe", "001122334455", "hotspot1",
    "00-11-22-33-44-55:Кафе: зал", "00-11-22-33-44-55:%{client:secret}", "x",
)  # fmt: skip
CALLING = ("02-AA-BB-CC-DD-01", "02:aa:bb:cc:dd:01", "02aabbccdd01", "02aa.bbcc.dd01", "02AABB-CCDD01")


@pytest.mark.parametrize("chap", [False, True])
def test_every_way_of_writing_both_stations_is_understood(
    radius: PrivateRadius, grant: AccessGrant, clock: Moment, chap: bool
) -> None:
    login = grants.login(grant, clock.now)
    packets = [
        access_request(number, radius.secret, login.user_name, login.password, mac, called, chap)
        for number, (called, mac) in enumerate(itertools.product(CALLED, CALLING))
    ]
    asked = ask_all(radius.auth_port, packets)
    assert [one.code for one in asked] == [ACCEPT] * len(packets)
