"""A real FreeRADIUS with the configuration that `vestibule radius config` writes, asked by radclient."""

import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.db import Database
from tests.conftest import skip_or_fail
from tests.radius_hooks.conftest import Moment
from tests.support.access import OTHER_MAC, PHONE_MAC
from tests.support.house import House
from tests.support.radius import PrivateRadius, free_port, missing, serve_hooks

pytestmark = pytest.mark.freeradius
MINE = f'Calling-Station-Id = "{PHONE_MAC.dashes}"'


def is_signed(answer: str) -> bool:
    """True when Message-Authenticator is the answer's first attribute."""
    lines = answer.splitlines()
    return len(lines) > 1 and lines[1].strip().startswith("Message-Authenticator = 0x")


def test_a_verified_device_is_accepted_for_its_time_and_speed(radius: PrivateRadius, grant: AccessGrant, clock: Moment) -> None:
    clock.now += timedelta(seconds=600)
    answer = radius.authorize(grant.user_name, grant.password, MINE)
    assert answer.startswith("Access-Accept") and is_signed(answer)
    for line in (
        f"Session-Timeout = {4 * 3600 - 600}", "Idle-Timeout = 900", "Acct-Interim-Interval = 600",
        "WISPr-Bandwidth-Max-Down = 8000000", "WISPr-Bandwidth-Max-Up = 4000000", 'Mikrotik-Rate-Limit = "4000k/8000k"',
        f"Class = 0x{grant.visit_id.encode().hex()}",
    ):  # fmt: skip
        assert line in answer
    assert grant.visit_id in radius.outcomes() and grant.password not in radius.outcomes()


def test_chap_is_accepted_too(radius: PrivateRadius, grant: AccessGrant) -> None:
    assert radius.authorize(grant.user_name, grant.password, MINE, how="CHAP").startswith("Access-Accept")
    assert radius.authorize(grant.user_name, grant.password + "x", MINE, how="CHAP").startswith("Access-Reject")


def test_everyone_else_is_rejected_with_a_signed_and_empty_answer(
    radius: PrivateRadius, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    answers = [
        radius.authorize("unverified", "whatever", MINE),
        radius.authorize(grant.user_name, "wrong", MINE),
        radius.authorize(grant.user_name, "", MINE),
        radius.authorize(grant.user_name, grant.password, f'Calling-Station-Id = "{OTHER_MAC.dashes}"'),
        radius.authorize(grant.user_name, grant.password),
        radius.authorize("%{client:secret}", grant.password, MINE),
        radius.authorize("a/../b?c=d", "x", MINE),
        radius.authorize(f'{grant.user_name}\\",\\"Calling-Station-Id\\":\\"{PHONE_MAC.dashes}', grant.password),
    ]
    clock.now += timedelta(hours=5)
    answers.append(radius.authorize(grant.user_name, grant.password, MINE))
    clock.now -= timedelta(hours=5)
    with database.writing() as session:
        grants.revoke(session, grant, "staff", clock.now)
    answers.append(radius.authorize(grant.user_name, grant.password, MINE))
    for answer in answers:
        assert answer.startswith("Access-Reject") and is_signed(answer), answer
        assert len(answer.strip().splitlines()) == 2, answer


def test_a_request_without_a_message_authenticator_is_not_answered(radius: PrivateRadius, grant: AccessGrant) -> None:
    assert radius.authorize(grant.user_name, grant.password, MINE, signed=False, tries=1) == ""


def test_a_request_with_another_secret_is_not_answered(radius: PrivateRadius, grant: AccessGrant) -> None:
    assert radius.authorize(grant.user_name, grant.password, MINE, secret="x" * 32, tries=1) == ""


def test_accounting_is_stored_once_under_retransmission(
    radius: PrivateRadius, database: Database, house: House, grant: AccessGrant, clock: Moment
) -> None:
    lines = [f'User-Name = "{grant.user_name}"', 'Acct-Session-Id = "s1"', MINE, "Framed-IP-Address = 10.0.0.9"]
    for _ in range(3):
        assert radius.account("Acct-Status-Type = Start", *lines).startswith("Accounting-Response")
    clock.now += timedelta(seconds=60)
    stop = ["Acct-Session-Time = 60", "Acct-Input-Octets = 10", "Acct-Output-Octets = 20", "Acct-Output-Gigawords = 1"]
    for _ in range(2):
        answer = radius.account("Acct-Status-Type = Stop", *lines, *stop, "Acct-Terminate-Cause = User-Request")
        assert answer.startswith("Accounting-Response")
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.grant_id, row.session_seconds, row.input_octets, row.output_octets) == (grant.id, 60, 10, (1 << 32) + 20)
        assert (row.stopped_at, row.terminate_cause) == (clock.now, "User-Request")
        assert session.scalar(select(Visit.online_at)) == clock.now - timedelta(seconds=60)


def test_a_restarted_router_closes_its_sessions(
    radius: PrivateRadius, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    radius.account("Acct-Status-Type = Start", f'User-Name = "{grant.user_name}"', 'Acct-Session-Id = "s1"', MINE)
    clock.now += timedelta(seconds=30)
    assert radius.account("Acct-Status-Type = Accounting-On", 'Acct-Session-Id = "boot"').startswith("Accounting-Response")
    with database.reading() as session:
        assert session.scalars(select(AccountingSession)).one().terminate_cause == "NAS-Reboot"


def test_every_written_file_is_for_its_owner_alone(radius: PrivateRadius) -> None:
    written = [path for path in radius.folder.glob("*.conf")]
    assert {path.name for path in written} == {"radiusd.conf", "clients.conf", "rest.conf", "hooks.conf", "site.conf"}
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
    start = ["Acct-Status-Type = Start", f'User-Name = "{grant.user_name}"', 'Acct-Session-Id = "s1"', MINE]
    assert server.authorize(grant.user_name, grant.password, MINE, tries=1) == ""
    assert server.account(*start, tries=1) == ""
    with serve_hooks(settings, database, clock, port):
        answers = [server.authorize(grant.user_name, grant.password, MINE) for _ in range(3)]
        assert answers[-1].startswith("Access-Accept")
        assert not any(answer.startswith("Access-Reject") for answer in answers)
        assert server.account(*start).startswith("Accounting-Response")


def test_a_router_that_asks_again_is_answered_once_the_hooks_are_back(
    lonely: tuple[PrivateRadius, int], settings: Settings, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    server, port = lonely
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(server.authorize, grant.user_name, grant.password, MINE, tries=8)
        time.sleep(2)  # the first try has met silence
        with serve_hooks(settings, database, clock, port):
            assert asking.result().startswith("Access-Accept")


def test_hooks_with_another_secret_let_nobody_in(
    lonely: tuple[PrivateRadius, int], settings: Settings, database: Database, grant: AccessGrant, clock: Moment
) -> None:
    server, port = lonely
    other = settings.model_copy(
        update={"radius_hook_secret": type(settings.radius_hook_secret)("another-secret-0123456789-abcdef")}
    )
    with serve_hooks(other, database, clock, port):
        assert server.authorize(grant.user_name, grant.password, MINE).startswith("Access-Reject")
