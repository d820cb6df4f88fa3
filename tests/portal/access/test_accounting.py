"""Accounting: one row per session whatever is lost, late or sent twice."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import event, func, select

from portal.access import accounting, grants, sessions
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
    assert send(database, nas, replace(BASE, user_name="stranger"), now) == Applied(None, False, now, orphan=True)
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


def test_many_writers_of_one_row_lose_nothing(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    """Each brings something of its own: the beginning, an address, the totals, the end."""
    start = replace(BASE, user_name=grant.user_name, ip=None)
    minutes = [
        replace(start, status="Interim-Update", session_seconds=60 * n, input_octets=1000 * n, output_octets=(40 - n) * 7)
        for n in range(1, 40)
    ]
    stop = replace(start, status="Stop", session_seconds=2400, ip="10.0.0.9", terminate_cause="User-Request")
    packets = [start, *minutes, stop]
    random.shuffle(packets)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda p: send(database, nas, p, now + timedelta(seconds=p.session_seconds or 0)), packets))
    row = only_row(database)
    assert (row.started_at, row.stopped_at, row.session_seconds) == (now, now + timedelta(seconds=2400), 2400)
    assert (row.input_octets, row.output_octets, row.ip) == (39_000, 39 * 7, "10.0.0.9")


def test_a_report_costs_two_statements_and_a_repeated_one_only_a_look(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    start = replace(BASE, user_name=grant.user_name)
    with statements(database) as seen:
        send(database, nas, start, now)
    assert [one.split()[0] for one in seen] == ["SELECT", "INSERT"]
    with statements(database) as seen:
        send(database, nas, replace(start, status="Interim-Update", session_seconds=60), now + timedelta(seconds=60))
    assert [one.split()[0] for one in seen] == ["SELECT", "UPDATE"]
    with statements(database) as seen:
        send(database, nas, start, now)
    assert [one.split()[0] for one in seen] == ["SELECT"]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is said to the database, transactions apart."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if not sql.startswith(("BEGIN", "PRAGMA")):
            seen.append(sql)

    event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(database.engine, "before_cursor_execute", note)


def test_an_id_that_comes_back_after_a_restart_is_a_new_session_and_late_packets_find_the_old_one(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    first = replace(BASE, user_name=grant.user_name)
    again = now + timedelta(seconds=700)
    send(database, nas, first, now)
    send(
        database, nas, replace(BASE, status="Accounting-On", acct_session_id="", mac=None, ip=None), now + timedelta(seconds=660)
    )
    send(database, nas, first, again)
    send(
        database, nas, replace(first, status="Interim-Update", session_seconds=60, input_octets=5), again + timedelta(seconds=60)
    )
    late = replace(first, status="Interim-Update", session_seconds=600, input_octets=900, delay_seconds=400)
    send(database, nas, late, now + timedelta(seconds=1000))
    with database.reading() as session:
        old, new = session.scalars(select(AccountingSession).order_by(AccountingSession.started_at))
    assert (old.input_octets, old.session_seconds, old.ended_by, old.incarnation) == (900, 600, "restart", 0)
    assert (new.input_octets, new.session_seconds, new.stopped_at, new.incarnation) == (5, 60, None, 1)
    assert new.grant_id == old.grant_id == grant.id


def test_a_one_time_login_name_belongs_to_its_grant(database: Database, nas: KnownNas, grant: AccessGrant, now: datetime) -> None:
    assert send(database, nas, replace(BASE, user_name=grants.login(grant, now).user_name), now).visit_id == grant.visit_id
    assert only_row(database).grant_id == grant.id


@pytest.mark.parametrize(("kind", "view", "stored"), [
    (None, None, (10, 20)), ("coovachilli", None, (20, 10)), ("coovachilli", "nas", (10, 20)), ("mikrotik", None, (10, 20)),
    ("mikrotik", "client", (20, 10)), ("gone-kind", None, (10, 20)),
])  # fmt: skip
def test_input_is_always_what_came_from_the_guest(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime, kind: Any, view: Any, stored: tuple[int, int]
) -> None:
    packet = replace(
        BASE, status="Interim-Update", user_name=grant.user_name, session_seconds=60, input_octets=10, output_octets=20, view=view
    )
    send(database, replace(nas, kind=kind), packet, now)
    row = only_row(database)
    assert (row.input_octets, row.output_octets) == stored


def test_an_event_timestamp_puts_a_late_packet_in_its_time_and_a_wrong_clock_is_not_believed(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    start = replace(BASE, user_name=grant.user_name)
    send(database, nas, replace(start, event_at=now - timedelta(seconds=100)), now)
    assert only_row(database).started_at == now - timedelta(seconds=100)
    for wrong in (timedelta(hours=-3), timedelta(hours=3)):
        send(database, nas, replace(start, acct_session_id=str(wrong), event_at=now + wrong), now)
    with database.reading() as session:
        begun = session.scalars(select(AccountingSession.started_at).where(AccountingSession.acct_session_id != "s1"))
        assert set(begun) == {now}


def test_a_router_that_counts_no_time_has_one_session_until_its_stop(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    timeless = replace(BASE, user_name=grant.user_name, session_seconds=None)
    for status, minutes in (("Start", 0), ("Interim-Update", 10), ("Interim-Update", 20), ("Stop", 25)):
        send(database, nas, replace(timeless, status=status), now + timedelta(minutes=minutes))
    assert only_row(database).session_seconds == 25 * 60
    send(database, nas, replace(timeless, status="Start"), now + timedelta(minutes=40))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AccountingSession)) == 2


def test_the_same_batch_at_once_in_many_hands_is_stored_once_and_whole(
    database: Database, nas: KnownNas, grant: AccessGrant, now: datetime
) -> None:
    starts = [replace(BASE, user_name=grant.user_name, acct_session_id=f"s{number}") for number in range(30)]
    ends = [replace(one, status="Stop", session_seconds=60, input_octets=7) for one in starts]
    batch = [(nas, one, now) for one in starts] + [(nas, one, now + timedelta(seconds=60)) for one in ends]

    def store(_: int) -> list[Applied]:
        with database.writing() as session:
            return accounting.apply_many(session, batch)

    with ThreadPoolExecutor(6) as pool:
        assert any(one.came_online for answers in pool.map(store, range(6)) for one in answers)
    with database.reading() as session:
        stored = session.execute(select(AccountingSession.input_octets, AccountingSession.ended_by)).all()
    assert stored == [(7, "stop")] * 30
