"""Accounting through the hooks: stored once, and the visit comes online."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.db import Database
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
