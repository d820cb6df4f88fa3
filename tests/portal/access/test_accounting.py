"""Accounting: one row per session whatever is lost, late or sent twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.access import accounting, sessions
from portal.access.accounting import Applied
from portal.access.models import AccessGrant, AccountingSession
from portal.access.nas import KnownNas, find_nas
from portal.access.packets import AccountingReport
from portal.core.db import Database
from tests.support.access import PHONE_MAC, make_grant
from tests.support.house import House, build_house

BASE = AccountingReport(
    status="Start", acct_session_id="s1", user_name="", mac=PHONE_MAC, ip="10.0.0.9", delay_seconds=0,
    session_seconds=0, input_octets=0, output_octets=0, terminate_cause=None,
)  # fmt: skip


@pytest.fixture
def grant(database: Database, house: House, now: datetime) -> AccessGrant:
    """PHONE_MAC's grant."""
    with database.writing() as session:
        return make_grant(session, house, now)


@pytest.fixture
def nas(database: Database, house: House) -> KnownNas:
    """The house's router."""
    with database.reading() as session:
        found = find_nas(session, house.nas_name)
    assert found is not None
    return found


def send(database: Database, nas: KnownNas, packet: AccountingReport, at: datetime) -> Applied:
    with database.writing() as session:
        return accounting.apply(session, nas, packet, at)


def only_row(database: Database) -> AccountingSession:
    with database.reading() as session:
        return session.scalars(select(AccountingSession)).one()


def test_the_first_word_of_a_session_brings_the_visit_online(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    start = replace(BASE, user_name=grant.user_name, delay_seconds=3)
    assert send(database, nas, start, now) == Applied(grant.visit_id, True, now - timedelta(seconds=3))
    assert send(database, nas, start, now + timedelta(seconds=2)).came_online is False
    row = only_row(database)
    assert (row.grant_id, row.mac, row.ip, row.stopped_at) == (grant.id, PHONE_MAC.hex, "10.0.0.9", None)
    assert row.started_at == now - timedelta(seconds=3)
    with database.reading() as session:
        assert sessions.online_since(session, grant) == row.started_at


def test_an_interim_whose_start_was_lost_still_brings_online(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    interim = replace(BASE, status="Interim-Update", user_name=grant.user_name, session_seconds=600, input_octets=5)
    applied = send(database, nas, interim, now + timedelta(seconds=600))
    assert applied == Applied(grant.visit_id, True, now)
    assert only_row(database).started_at == now


def _story(user: str, now: datetime) -> list[tuple[AccountingReport, datetime]]:
    start = replace(BASE, user_name=user)
    interim = replace(start, status="Interim-Update", session_seconds=600, input_octets=1000, output_octets=3 << 32)
    stop = replace(
        start, status="Stop", session_seconds=900, input_octets=2000, output_octets=5 << 32, terminate_cause="User-Request"
    )
    return [(start, now), (interim, now + timedelta(seconds=600)), (stop, now + timedelta(seconds=900))]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_and_any_repetition_gives_the_same_row(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime, order: tuple[int, ...]
) -> None:
    story = _story(grant.user_name, now)
    late = now + timedelta(seconds=1000)
    for i in (*order, *order):
        packet, at = story[i]
        send(database, nas, replace(packet, delay_seconds=int((late - at).total_seconds())), late)
    row = only_row(database)
    assert row.started_at == now
    assert row.stopped_at == now + timedelta(seconds=900) == row.updated_at
    assert (row.session_seconds, row.input_octets, row.output_octets) == (900, 2000, 5 << 32)
    assert row.terminate_cause == "User-Request"
    with database.reading() as session:
        assert sessions.online_since(session, grant) is None


def test_copies_at_once_meet_in_one_row(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    start = replace(BASE, user_name=grant.user_name)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(database, nas, start, now), range(16)))
    assert all(a.visit_id == grant.visit_id for a in answers) and any(a.came_online for a in answers)
    only_row(database)


def test_one_session_id_of_two_users_is_two_sessions(
    database: Database, nas: KnownNas, house: House, grant: AccessGrant, now: datetime
) -> None:
    with database.writing() as session:
        second = make_grant(session, house, now)
    for user in (grant.user_name, second.user_name):
        send(database, nas, replace(BASE, user_name=user), now)
    with database.reading() as session:
        assert set(session.scalars(select(AccountingSession.grant_id))) == {grant.id, second.id}


def test_a_user_without_a_grant_is_kept_but_brings_no_visit_online(database: Database, nas: KnownNas, now: datetime) -> None:
    assert send(database, nas, replace(BASE, user_name="stranger"), now) == Applied(None, False, now)
    assert only_row(database).grant_id is None


def test_a_grant_of_another_venue_is_not_touched(database: Database, grant: AccessGrant, now: datetime) -> None:
    with database.writing() as session:
        other = find_nas(session, build_house(session, "izbushka").nas_name)
    assert other is not None
    assert send(database, other, replace(BASE, user_name=grant.user_name), now).visit_id is None
    assert only_row(database).grant_id is None


@pytest.mark.parametrize("status", ["Accounting-On", "Accounting-Off"])
def test_a_restarted_router_closes_what_it_had_open(
    database: Database, nas: KnownNas, house: House, grant: AccessGrant, now: datetime, status: Any
) -> None:
    start = replace(BASE, user_name=grant.user_name)
    send(database, nas, start, now)
    restart = replace(BASE, status=status, acct_session_id="", mac=None, ip=None)
    send(database, nas, restart, now + timedelta(seconds=60))
    row = only_row(database)
    assert (row.stopped_at, row.terminate_cause) == (now + timedelta(seconds=60), "NAS-Reboot")
    send(database, nas, replace(restart, delay_seconds=20), now + timedelta(seconds=90))  # a late copy
    assert only_row(database).stopped_at == now + timedelta(seconds=60)
    interim = replace(start, status="Interim-Update", session_seconds=120)
    send(database, nas, interim, now + timedelta(seconds=120))  # it was alive after all
    assert only_row(database).stopped_at is None


def test_a_late_restart_does_not_close_a_younger_session(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    send(database, nas, replace(BASE, user_name=grant.user_name), now)
    send(database, nas, replace(BASE, status="Accounting-On", delay_seconds=30), now + timedelta(seconds=5))
    assert only_row(database).stopped_at is None
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AccountingSession)) == 1
