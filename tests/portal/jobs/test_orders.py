"""The worker closes devices whose access has ended, at whatever gateway, however often it takes, and once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.access import accounting, blocks, grants, orders, policy_change, sessions
from portal.access.models import AccessGrant, AccountingSession, GatewayOrder, Identification
from portal.access.nas import find_nas
from portal.access.packets import AccountingReport
from portal.core.clock import utcnow
from portal.core.db import Database
from portal.core.phone import phone_from_e164
from portal.jobs.orders import carry_out_due
from portal.privacy import erasure
from portal.venues import directory, signs
from portal.venues.models import GatewayConfig, LegalEntity, Nas, WifiPolicy
from portal.venues.settings import edit_policy
from tests.conftest import make_settings
from tests.support.access import OTHER_MAC, PHONE_MAC, make_grant
from tests.support.crashing_worker import started
from tests.support.fake_nas import FakeNas, Received, fake_nas
from tests.support.house import House, build_house

PHONE = "+79031234567"


class _Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.called.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Gateway) as server:
        server.called = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def nas(database: Database, house: House) -> Iterator[FakeNas]:
    """The house's gateway is a CoovaChilli; its NAS answers on 127.0.0.1."""
    with fake_nas("n" * 32) as found:
        point(database, house, "coovachilli", found.port)
        yield found


def point(database: Database, house: House, kind: str, port: int, **nas_columns: Any) -> None:
    """Make the house's gateway one of this kind, whose NAS takes orders at this port."""
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).kind = kind
        session.execute(update(Nas).where(Nas.id == house.nas_id).values(coa_port=port, **nas_columns))


def online(
    database: Database, house: House, now: datetime, *, nas: FakeNas | None = None, acct: str = "s1", mac: Any = PHONE_MAC
) -> AccessGrant:
    """A device with a grant and an open session."""
    with database.writing() as session:
        grant = make_grant(session, house, now, mac=mac)
        user = grants.login(grant, now).user_name
        report(session, house, "Start", user, acct, now, mac=mac)
    if nas is not None:
        nas.online.add((user, acct))
    return grant


def report(
    session: Any, house: House, status: Any, user: str, acct: str, at: datetime, *, seconds: int = 0, mac: Any = PHONE_MAC
) -> None:
    """What the router says of a session."""
    router = find_nas(session, house.nas_name)
    assert router is not None
    packet = AccountingReport(status, acct, user, mac, "10.0.0.9", 0, seconds, 0, 0, None)
    accounting.apply(session, router, packet, at)


def revoke(database: Database, grant: AccessGrant, now: datetime, reason: str = "guest") -> None:
    with database.writing() as session:
        grants.revoke(session, session.get_one(AccessGrant, grant.id), reason, now)


def all_orders(database: Database) -> list[GatewayOrder]:
    with database.reading() as session:
        return list(session.scalars(select(GatewayOrder).order_by(GatewayOrder.id)))


def only_order(database: Database) -> GatewayOrder:
    (order,) = all_orders(database)
    return order


def only_session(database: Database) -> AccountingSession:
    with database.reading() as session:
        return session.scalars(select(AccountingSession)).one()


def test_the_running_worker_tells_the_gateway_of_a_revoked_grant(
    database: Database, database_url: str, house: House, gateway: HTTPServer, tmp_path: Path
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).base_url = f"http://127.0.0.1:{gateway.server_port}"
        grant = make_grant(session, house, utcnow())
        grants.revoke(session, grant, "guest", utcnow())
    with started(tmp_path, {"database_url": database_url}):
        wait_until(lambda: put_out(database))
    assert gateway.called == ["/put-out"]  # type: ignore[attr-defined]


def test_a_disconnecting_guest_is_off_within_three_seconds(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    first, second = (
        online(database, house, utcnow(), nas=nas),
        online(database, house, utcnow(), nas=nas, acct="s2", mac=OTHER_MAC),
    )
    with started(tmp_path, {"database_url": database_url}):
        revoke(database, first, utcnow())
        wait_until(lambda: put_out(database, first.id))  # the worker is up
        began = time.monotonic()
        revoke(database, second, utcnow())
        wait_until(lambda: not nas.online)
        assert time.monotonic() - began < 3
        wait_until(lambda: put_out(database, second.id))


def put_out(database: Database, grant_id: int | None = None) -> bool:
    with database.reading() as session:
        found = select(AccessGrant.put_out_at)
        return session.scalars(found.where(AccessGrant.id == grant_id) if grant_id else found).one() is not None


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def _guest(session: Any, house: House, grant: AccessGrant, now: datetime) -> None:
    grants.revoke(session, grant, "guest", now)


def _erased(session: Any, house: House, grant: AccessGrant, now: datetime) -> None:
    keys = make_settings(Path("/nonexistent")).keys
    erasure.erase(session, keys, house.legal_entity_id, PHONE, now)


def _blocked(session: Any, house: House, grant: AccessGrant, now: datetime) -> None:
    entity = session.get_one(LegalEntity, house.legal_entity_id)
    blocks.block(session, entity, phone=phone_from_e164(PHONE), mac=None, reason="noise", staff_name="Анна", now=now)


@pytest.mark.parametrize(("end", "reason"), [(_guest, "guest"), (_erased, "erased"), (_blocked, "blocked")])
def test_whatever_ends_access_ends_every_open_session(
    database: Database, house: House, nas: FakeNas, now: datetime, end: Any, reason: str
) -> None:
    grant = online(database, house, now, nas=nas)
    with database.writing() as session:
        kept = Identification(
            organization_id=house.organization_id, venue_id=house.venue_id, phone=PHONE, proof="sms", proven_at=now,
            mac=PHONE_MAC.hex, policy_version=1, destroy_after=now + timedelta(days=183),
        )  # fmt: skip
        session.add(kept)
        session.flush()
        grant = session.get_one(AccessGrant, grant.id)
        grant.identification_id = kept.id
        user = grants.login(grant, now + timedelta(minutes=1)).user_name
        report(session, house, "Start", user, "s2", now + timedelta(minutes=1))  # it logged in twice
        nas.online.add((user, "s2"))
        end(session, house, grant, now + timedelta(minutes=2))
    assert carry_out_due(database, lambda: now + timedelta(minutes=2)) == 1
    assert nas.online == set()
    order = only_order(database)
    assert (order.state, order.reason, order.said) == ("done", reason, "ACK")
    assert put_out(database, grant.id)
    with database.reading() as session:
        assert "disconnect" in signs.seen(session, house.gateway_id)
    assert carry_out_due(database, lambda: now + timedelta(minutes=3)) == 0


def test_a_session_that_outlives_its_grant_is_ended(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    grant = online(database, house, now, nas=nas)
    assert carry_out_due(database, lambda: grant.expires_at) == 0  # the router's own time-out goes first
    assert carry_out_due(database, lambda: grant.expires_at + timedelta(seconds=61)) == 1
    assert nas.online == set() and only_order(database).reason == "expired"


def test_a_session_that_goes_on_after_its_ack_is_ended_again(
    database: Database, house: House, nas: FakeNas, now: datetime
) -> None:
    nas.answers = lambda _request: 0  # says so and does nothing
    grant = online(database, house, now, nas=nas)
    revoke(database, grant, now)
    later = now + timedelta(minutes=10)
    assert carry_out_due(database, lambda: now) == 1
    assert carry_out_due(database, lambda: later) == 0  # nothing was heard since
    with database.writing() as session:
        report(session, house, "Interim-Update", only_session_user(nas), "s1", later, seconds=600)
    assert carry_out_due(database, lambda: later) == 1
    assert [order.session_id is None for order in all_orders(database)] == [True, False]


def only_session_user(nas: FakeNas) -> str:
    ((user, _acct),) = nas.online
    return user


def test_a_start_that_comes_after_the_revocation_is_ended_too(
    database: Database, house: House, nas: FakeNas, now: datetime
) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
    revoke(database, grant, now)
    carry_out_due(database, lambda: now)
    assert only_order(database).said == "no session was open"
    with database.writing() as session:
        report(session, house, "Start", grants.login(grant, now).user_name, "s1", now + timedelta(seconds=2))
    nas.online.add((grants.login(grant, now).user_name, "s1"))
    assert carry_out_due(database, lambda: now + timedelta(seconds=3)) == 1
    assert nas.online == set()


def test_a_lost_request_is_sent_again_unchanged(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    nas.answers = lambda _request: None if len(nas.received) < 2 else 0
    revoke(database, online(database, house, now, nas=nas), now)
    assert carry_out_due(database, lambda: now) == 1
    first, second = nas.received
    assert first.raw == second.raw


@pytest.mark.parametrize(("cause", "said"), [(503, "NAK: no such session"), (-1, "NAK: no such session")])
def test_a_session_that_the_nas_no_longer_has_is_closed_here_too(
    database: Database, house: House, nas: FakeNas, now: datetime, cause: int, said: str
) -> None:
    nas.answers = lambda _request: cause
    revoke(database, online(database, house, now), now)
    assert carry_out_due(database, lambda: now) == 1
    assert (only_order(database).state, only_order(database).said) == ("done", said)
    row = only_session(database)
    assert (row.stopped_at, row.ended_by) == (now, "silence")
    with database.reading() as session:
        assert "disconnect" not in signs.seen(session, house.gateway_id)  # that shows nothing works


def test_a_refusal_is_tried_again_with_growing_pauses_until_the_order_ends(
    database: Database, house: House, nas: FakeNas, now: datetime
) -> None:
    nas.answers = lambda _request: 501  # Administratively Prohibited
    grant = online(database, house, now)
    revoke(database, grant, now)
    at, pauses = now, []
    for _ in range(8):
        assert carry_out_due(database, lambda: at) == 0  # noqa: B023
        pauses.append((only_order(database).next_at - at).total_seconds())
        at = only_order(database).next_at
    assert pauses == [1, 2, 5, 15, 60, 300, 300, 300]
    assert (only_order(database).state, only_order(database).said) == ("waiting", "NAK 501")
    nas.answers = lambda _request: 0
    assert carry_out_due(database, lambda: at) == 1


def test_an_order_that_nobody_did_expires_with_its_grant(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    nas.answers = lambda _request: 501
    grant = online(database, house, now)
    revoke(database, grant, now)
    carry_out_due(database, lambda: now)
    with database.writing() as session:
        assert orders.expire(session, grant.expires_at) == 1
    assert only_order(database).state == "expired"


def test_behind_nat_the_order_waits_for_the_lease_and_says_so(
    database: Database, house: House, nas: FakeNas, now: datetime
) -> None:
    point(database, house, "coovachilli", nas.port, coa_address="", short_lease_seconds=900)
    grant = online(database, house, now, nas=nas)
    revoke(database, grant, now)
    assert carry_out_due(database, lambda: now) == 0
    assert (only_order(database).state, only_order(database).said) == ("waiting", "behind NAT: waits for its lease to end")
    assert nas.received == []
    stop = now + timedelta(seconds=900)
    with database.writing() as session:
        report(session, house, "Stop", only_session_user(nas), "s1", stop, seconds=900)
    assert carry_out_due(database, lambda: stop) == 1
    assert (only_order(database).state, only_order(database).said) == ("done", "no session was open")
    assert put_out(database, grant.id)


def test_a_network_of_addresses_is_not_reachable_either(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    point(database, house, "coovachilli", nas.port, address="10.0.0.0/24")
    revoke(database, online(database, house, now), now)
    carry_out_due(database, lambda: now)
    assert only_order(database).said.startswith("behind NAT")


def test_a_changed_policy_reaches_running_sessions(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    online(database, house, now, nas=nas)
    later = now + timedelta(minutes=10)
    with database.writing() as session:
        policy = directory.policy_of(session, house.venue_id)
        edit_policy(session, policy, later, session_seconds=3600, down_kbps=2000)
        assert policy_change.spread(session, policy, later) == 1
    assert carry_out_due(database, lambda: later) == 1
    (request,) = nas.received
    assert request.code == 43 and int.from_bytes(request.attributes[27]) == 3600
    assert int.from_bytes(request.attributes[14122, 8]) == 2_000_000
    assert (only_order(database).verb, only_order(database).said) == ("change", "ACK")
    with database.reading() as session:
        grant = session.scalars(select(AccessGrant)).one()
        assert (grant.expires_at, grant.down_kbps, grant.revoked_at) == (now + timedelta(seconds=3600), 2000, None)


def test_a_longer_policy_makes_nobodys_time_longer_and_a_voucher_keeps_its_own(
    database: Database, house: House, now: datetime
) -> None:
    grant = online(database, house, now)
    with database.writing() as session:
        policy = directory.policy_of(session, house.venue_id)
        edit_policy(session, policy, now, session_seconds=24 * 3600)
        policy_change.spread(session, policy, now)
        assert session.get_one(AccessGrant, grant.id).expires_at == grant.expires_at


@contextmanager
def a_dead_gateway() -> Iterator[FakeNas]:
    """It hears everything and never answers."""
    with fake_nas("n" * 32) as dead:
        dead.answers = lambda _request: None
        yield dead


def test_a_dead_gateway_holds_up_no_other(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    with a_dead_gateway() as dead:
        point(database, other, "coovachilli", dead.port)
        for number in range(3):
            revoke(database, online(database, other, utcnow(), acct=f"d{number}"), utcnow())
        with started(tmp_path, {"database_url": database_url}):
            wait_until(lambda: bool(dead.received))  # the worker is in the middle of waiting for it
            revoke(database, online(database, house, utcnow(), nas=nas), utcnow())
            wait_until(lambda: not nas.online, seconds=4)
            assert len({one.raw for one in dead.received}) == 1  # asked once, not once for each of its orders


def test_a_killed_worker_loses_no_order_and_the_next_one_does_it(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    answer = threading.Event()
    nas.answers = lambda _request: 0 if answer.is_set() else None
    revoke(database, online(database, house, utcnow(), nas=nas), utcnow())
    with started(tmp_path, {"database_url": database_url}):
        wait_until(lambda: bool(nas.received))
    assert only_order(database).state == "waiting"  # kill -9 between the request and its answer
    answer.set()
    asked = len(nas.received)
    with started(tmp_path, {"database_url": database_url}, ahead=orders.LEASE):
        wait_until(lambda: only_order(database).state == "done")
    assert len(nas.received) == asked + 1


def test_two_workers_never_do_one_order_at_once(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    for number in range(8):
        revoke(database, online(database, house, now, nas=nas, acct=f"s{number}", mac=None), now)
    carry_out = [lambda: carry_out_due(database, lambda: now) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda work: work(), carry_out))
    assert sum(done) == 8 and len(nas.received) == 8 and nas.online == set()


def test_a_device_that_was_let_in_again_is_not_closed_by_its_mac(
    database: Database, house: House, gateway: HTTPServer, now: datetime
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).base_url = f"http://127.0.0.1:{gateway.server_port}"
        old = make_grant(session, house, now)
        grants.revoke(session, old, "guest", now)
        make_grant(session, house, now)
    assert carry_out_due(database, lambda: now) == 0
    assert gateway.called == []  # type: ignore[attr-defined]


def test_the_same_order_twice_is_one_with_the_newer_words(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
        first = orders.place(session, grant, "let_in", "code", now, entry="old", fetched=True)
        assert orders.place(session, grant, "let_in", "code", now, entry="new", fetched=True) == first
        assert [one.entry for one in orders.waiting(session, house.gateway_id, "let_in", now, 10)] == ["new"]
        assert orders.claim(session, now, verbs=("let_in",)) == []  # the router's own
        grants.revoke(session, grant, "guest", now)
        assert orders.waiting(session, house.gateway_id, "let_in", now, 10) == []


def test_a_policy_that_changes_while_its_order_is_in_hand_is_told_once_more(
    database: Database, house: House, nas: FakeNas, now: datetime
) -> None:
    def change_to(kbps: int) -> None:
        with database.writing() as session:
            policy = directory.policy_of(session, house.venue_id)
            edit_policy(session, policy, now, down_kbps=kbps)
            policy_change.spread(session, policy, now)

    def answers(_request: Received) -> int:
        if len(nas.received) == 1:
            change_to(500)
        return 0

    online(database, house, now, nas=nas)
    nas.answers = answers
    change_to(1000)
    carry_out_due(database, lambda: now)
    assert [int.from_bytes(one.attributes[14122, 8]) for one in nas.received] == [1_000_000, 500_000]
    assert only_order(database).state == "done"


def test_silent_sessions_are_closed_when_they_were_last_heard_of_and_open_again_when_heard(
    database: Database, house: House, now: datetime
) -> None:
    online(database, house, now)
    with database.writing() as session:
        session.get_one(WifiPolicy, house.venue_id).interim_seconds = 300
        assert sessions.close_stale(session, now + timedelta(seconds=900)) == 0
        assert sessions.close_stale(session, now + timedelta(seconds=901)) == 1
    row = only_session(database)
    assert (row.stopped_at, row.ended_by, row.terminate_cause) == (now, "silence", "Lost-Carrier")
    with database.writing() as session:
        report(session, house, "Interim-Update", row.user_name, "s1", now + timedelta(seconds=1200), seconds=1200)
    assert only_session(database).stopped_at is None
