"""Accounting through the hooks: stored once, and the visit comes online."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access.models import AccessGrant, AccountingSession
from portal.access.nas import find_nas
from portal.access.packets import AccountingReport
from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.venues import signs
from radius_hooks.accounting import keep
from radius_hooks.online import mark_online
from tests.support.access import PHONE_MAC, make_grant, make_visit
from tests.support.house import House


def report(grant: AccessGrant, **changes: Any) -> dict[str, Any]:
    """A Start as rlm_rest writes it; `changes` in snake case."""
    values = {
        "Acct-Status-Type": "Start", "Acct-Session-Id": "s1", "User-Name": grant.user_name,
        "Calling-Station-Id": PHONE_MAC.dashes, "Framed-IP-Address": "10.0.0.9",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }  # fmt: skip
    return {name: {"type": "string", "value": [value]} for name, value in values.items()}


def online_at(database: Database, visit: str) -> datetime | None:
    with database.reading() as session:
        return session.scalar(select(Visit.online_at).where(Visit.public_id == visit))


def test_a_start_brings_the_visit_online_once(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    assert online_at(database, grant.visit_id) is None
    for _ in range(3):
        assert hooks.post(f"/accounting/{house.nas_name}", json=report(grant)).status_code == 204
    assert online_at(database, grant.visit_id) == now
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.acct_session_id, row.user_name, row.mac, row.ip) == ("s1", grant.user_name, PHONE_MAC.hex, "10.0.0.9")


def test_gigawords_are_counted(hooks: FlaskClient, database: Database, house: House, grant: AccessGrant) -> None:
    body = report(
        grant, Acct_Status_Type="Stop", Acct_Input_Octets=7, Acct_Input_Gigawords=2, Acct_Output_Octets=9, Acct_Session_Time=60
    )
    assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.input_octets, row.output_octets, row.session_seconds) == ((2 << 32) + 7, 9, 60)


def test_an_unknown_router_is_not_acknowledged(hooks: FlaskClient, database: Database, grant: AccessGrant) -> None:
    assert hooks.post("/accounting/nobody", json=report(grant)).status_code == 404
    with database.reading() as session:
        assert session.scalars(select(AccountingSession)).all() == []


def test_a_session_id_longer_than_its_column_stays_one_session(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant
) -> None:
    for tail in ("a", "b", "a"):
        body = report(grant, Acct_Session_Id="x" * 250 + tail)
        assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
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


def test_a_lost_start_is_made_up_for_by_the_interim(hooks: FlaskClient, database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        visit = make_visit(session, house, now - timedelta(minutes=20), verified=True)
        grant = make_grant(session, house, now - timedelta(minutes=20), visit_id=visit)
    body = report(grant, Acct_Status_Type="Interim-Update", Acct_Session_Time=600)
    assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
    assert online_at(database, visit) == now - timedelta(minutes=10)


def test_coming_online_leaves_its_evidence_on_visit_and_grant_and_signs_for_the_owner(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    assert hooks.post(f"/accounting/{house.nas_name}", json=report(grant)).status_code == 204
    with database.reading() as session:
        visit = session.scalars(select(Visit)).one()
        stored = session.scalars(select(AccessGrant)).one()
        assert (visit.online_at, visit.online_evidence) == (stored.online_at, stored.online_evidence) == (now, "accounting")
        assert set(signs.seen(session, house.gateway_id)) == {"accounting", "online"}


@pytest.mark.parametrize(("view", "stored"), [
    ({"Attr-26.14559.10": "0x00000002"}, (20, 10)), ({"Attr-26.14559.10": "0x00000001"}, (10, 20)),
    ({"ChilliSpot-Acct-View-Point": "ChilliSpot-Client-View-Point"}, (20, 10)), ({"Attr-26.14559.10": "rubbish"}, (10, 20)),
    ({}, (10, 20)),
])  # fmt: skip
def test_chilli_says_whose_input_it_counts(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, view: dict[str, str], stored: tuple[int, int]
) -> None:
    body = report(grant, Acct_Status_Type="Interim-Update", Acct_Input_Octets=10, Acct_Output_Octets=20, Acct_Session_Time=60)
    body |= {name: {"type": "octets", "value": [value]} for name, value in view.items()}
    assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
    with database.reading() as session:
        row = session.scalars(select(AccountingSession)).one()
        assert (row.input_octets, row.output_octets) == stored


def test_a_router_without_gigawords_is_followed_past_four_gigabytes(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant
) -> None:
    for minute, low in ((10, 4_000_000_000), (30, 5), (20, 4_200_000_000)):  # the second came last
        body = report(
            grant, Acct_Status_Type="Interim-Update", Acct_Session_Time=minute * 60, Acct_Input_Octets=low, Acct_Output_Octets=0,
            Acct_Delay_Time=(30 - minute) * 60,
        )  # fmt: skip
        assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
    body = report(grant, Acct_Status_Type="Stop", Acct_Session_Time=1900)  # no octets at all: nothing is counted anew
    assert hooks.post(f"/accounting/{house.nas_name}", json=body).status_code == 204
    with database.reading() as session:
        assert session.scalars(select(AccountingSession.input_octets)).one() == (1 << 32) + 5


def test_a_batch_of_the_replay_brings_everybody_online_once(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    with database.reading() as session:
        nas = find_nas(session, house.nas_name)
    assert nas is not None
    start = AccountingReport("Start", "s1", grant.user_name, PHONE_MAC, None, 0, 0, 0, 0, None)
    other = replace(start, acct_session_id="s2", user_name="stranger")
    late = replace(start, status="Stop", session_seconds=60)
    for _ in range(2):
        with database.writing() as session:
            keep(session, [(nas, start, now), (nas, other, now), (nas, late, now + timedelta(seconds=60))])
    assert online_at(database, grant.visit_id) == now
    with database.reading() as session:
        assert len(session.scalars(select(AccountingSession)).all()) == 2
