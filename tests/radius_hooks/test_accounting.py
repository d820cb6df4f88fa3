"""Accounting read from the spool: stored once, and the visit comes online."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.venues import signs
from radius_hooks.online import mark_online
from tests.support.access import PHONE_MAC, make_grant, make_visit
from tests.support.house import House
from tests.support.spooled import Accounting, line


def report(grant: AccessGrant, **changes: Any) -> dict[str, Any]:
    """A Start; `changes` in snake case."""
    return {
        "Acct-Status-Type": "Start", "Acct-Session-Id": "s1", "User-Name": grant.user_name,
        "Calling-Station-Id": PHONE_MAC.dashes, "Framed-IP-Address": "10.0.0.9",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }  # fmt: skip


def online_at(database: Database, visit: str) -> datetime | None:
    with database.reading() as session:
        return session.scalar(select(Visit.online_at).where(Visit.public_id == visit))


def test_a_start_brings_the_visit_online_once(
    accounting: Accounting, database: Database, grant: AccessGrant, now: datetime
) -> None:
    assert online_at(database, grant.visit_id) is None
    for seconds in range(3):
        accounting.report(now + timedelta(seconds=seconds), report(grant))
    assert online_at(database, grant.visit_id) == now
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.acct_session_id, row.user_name, row.mac, row.ip) == ("s1", grant.user_name, PHONE_MAC.hex, "10.0.0.9")


def test_gigawords_are_counted(accounting: Accounting, database: Database, grant: AccessGrant, now: datetime) -> None:
    body = report(
        grant, Acct_Status_Type="Stop", Acct_Input_Octets=7, Acct_Input_Gigawords=2, Acct_Output_Octets=9, Acct_Session_Time=60
    )
    accounting.report(now, body)
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.input_octets, row.output_octets, row.session_seconds) == ((2 << 32) + 7, 9, 60)


def test_what_an_unknown_router_says_and_what_says_nothing_is_put_aside(
    accounting: Accounting, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    nameless = {name: value for name, value in report(grant).items() if name != "User-Name"}
    unheard_of = report(grant, Acct_Status_Type="Failed")
    accounting.write(line(now, "nobody", report(grant)), *(line(now, house.nas_name, one) for one in (nameless, unheard_of)))
    assert accounting.read() == 3
    with database.reading() as session:
        assert session.scalars(select(AccountingSession)).all() == []
        assert signs.seen(session, house.gateway_id) == {}
    assert online_at(database, grant.visit_id) is None
    assert [b"nobody" in one for one in accounting.refused()] == [True, False, False]


def test_a_session_id_longer_than_its_column_stays_one_session(
    accounting: Accounting, database: Database, grant: AccessGrant, now: datetime
) -> None:
    for tail in ("a", "b", "a"):
        accounting.report(now, report(grant, Acct_Session_Id="x" * 250 + tail))
    with database.reading() as session:
        assert len(session.scalars(select(AccountingSession)).all()) == 2


@pytest.mark.parametrize(("verified", "visitor_class", "comes"), [
    (True, "guest", True), (False, "guest", False), (False, "voucher", True), (False, "remembered", True), (False, "bot", False),
])  # fmt: skip
def test_only_a_visit_that_was_let_in_comes_online(
    database: Database, house: House, now: datetime, verified: bool, visitor_class: str, comes: bool
) -> None:
    with database.writing() as session:
        visit = make_visit(session, house, now, verified=verified, visitor_class=visitor_class)
        mark_online(session, visit, now + timedelta(seconds=5))
        mark_online(session, visit, now + timedelta(seconds=9))
    assert online_at(database, visit) == (now + timedelta(seconds=5) if comes else None)


def test_a_visit_is_never_online_before_its_code(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        visit = make_visit(session, house, now, verified=True)
        mark_online(session, visit, now - timedelta(hours=1))
    assert online_at(database, visit) == now


def test_a_lost_start_is_made_up_for_by_the_interim(
    accounting: Accounting, database: Database, house: House, now: datetime
) -> None:
    with database.writing() as session:
        visit = make_visit(session, house, now - timedelta(minutes=20), verified=True)
        grant = make_grant(session, house, now - timedelta(minutes=20), visit_id=visit)
    accounting.report(now, report(grant, Acct_Status_Type="Interim-Update", Acct_Session_Time=600))
    assert online_at(database, visit) == now - timedelta(minutes=10)


def test_coming_online_leaves_its_evidence_on_visit_and_grant_and_signs_for_the_owner(
    accounting: Accounting, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    accounting.report(now, report(grant))
    with database.reading() as session:
        visit = session.scalars(select(Visit)).one()
        stored = session.scalars(select(AccessGrant)).one()
        assert (visit.online_at, visit.online_evidence) == (stored.online_at, stored.online_evidence) == (now, "accounting")
        assert set(signs.seen(session, house.gateway_id)) == {"accounting", "online"}


@pytest.mark.parametrize(("view", "stored"), [
    ({"ChilliSpot-Acct-View-Point": 2}, (20, 10)), ({"ChilliSpot-Acct-View-Point": 1}, (10, 20)),
    ({"ChilliSpot-Acct-View-Point": "ChilliSpot-Client-View-Point"}, (20, 10)), ({"ChilliSpot-Acct-View-Point": 7}, (10, 20)),
    ({}, (10, 20)),
])  # fmt: skip
def test_chilli_says_whose_input_it_counts(
    accounting: Accounting, database: Database, grant: AccessGrant, now: datetime, view: dict[str, Any], stored: tuple[int, int]
) -> None:
    body = report(grant, Acct_Status_Type="Interim-Update", Acct_Input_Octets=10, Acct_Output_Octets=20, Acct_Session_Time=60)
    accounting.report(now, body | view)
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.input_octets, row.output_octets) == stored


def test_a_router_without_gigawords_is_followed_past_four_gigabytes(
    accounting: Accounting, database: Database, grant: AccessGrant, now: datetime
) -> None:
    for minute, low in ((10, 4_000_000_000), (30, 5), (20, 4_200_000_000)):  # the second came last
        body = report(
            grant, Acct_Status_Type="Interim-Update", Acct_Session_Time=minute * 60, Acct_Input_Octets=low, Acct_Output_Octets=0,
            Acct_Delay_Time=(30 - minute) * 60,
        )  # fmt: skip
        accounting.report(now, body)
    body = report(grant, Acct_Status_Type="Stop", Acct_Session_Time=1900)  # no octets at all: nothing is counted anew
    accounting.report(now, body)
    with database.reading() as session:
        assert session.scalars(select(AccountingSession.input_octets)).one() == (1 << 32) + 5


def test_a_batch_brings_everybody_online_once(
    accounting: Accounting, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    other = report(grant, Acct_Session_Id="s2", User_Name="stranger")
    late = report(grant, Acct_Status_Type="Stop", Acct_Session_Time=60)
    for _ in range(2):
        accounting.write(*(line(now, house.nas_name, one) for one in (report(grant), other)))
        accounting.write(line(now + timedelta(seconds=60), house.nas_name, late))
        assert accounting.read() == 3
    assert online_at(database, grant.visit_id) == now
    with database.reading() as session:
        assert len(session.scalars(select(AccountingSession)).all()) == 2
