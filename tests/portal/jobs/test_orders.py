"""The worker closes devices whose access has ended, at whatever gateway, however often it takes."""

from datetime import datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from portal.access import blocks, grants, orders, sessions
from portal.access.models import AccessGrant, Identification
from portal.core.db import Database
from portal.core.phone import phone_from_e164
from portal.jobs.orders import carry_out_due
from portal.privacy import erasure
from portal.venues import signs
from portal.venues.models import GatewayConfig, LegalEntity, WifiPolicy
from tests.conftest import make_settings
from tests.support.access import PHONE_MAC, make_grant
from tests.support.fake_nas import FakeNas
from tests.support.house import House
from tests.support.orders import PHONE, all_orders, online, only_order, only_session, point, put_out, report, revoke


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


def test_a_device_that_was_let_in_again_is_not_closed_by_its_mac(
    database: Database, house: House, gateway: HTTPServer, now: datetime
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).base_url = f"http://127.0.0.1:{gateway.server_port}"
        old = make_grant(session, house, now)
        grants.revoke(session, old, "guest", now)
        make_grant(session, house, now)
    assert carry_out_due(database, lambda: now) == 0
    assert gateway.called == []


def test_the_same_order_twice_is_one_with_the_newer_words(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
        first = orders.place(session, grant, "let_in", "code", now, entry="old", fetched=True)
        assert orders.place(session, grant, "let_in", "code", now, entry="new", fetched=True) == first
        assert [one.entry for one in orders.waiting(session, house.gateway_id, "let_in", now, 10)] == ["new"]
        assert orders.claim(session, now, verbs=("let_in",)) == []  # the router's own
        grants.revoke(session, grant, "guest", now)
        assert orders.waiting(session, house.gateway_id, "let_in", now, 10) == []


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
