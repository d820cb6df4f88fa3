"""What rlm_rest is told."""

import logging
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal import models
from portal.access.authorization import Decision
from portal.access.models import AccessGrant
from portal.core.db import Database
from portal.core.logging import current_trace
from radius_hooks.replies import reply_to
from tests.support.access import OTHER_MAC, PHONE_MAC, log_in, make_grant
from tests.support.house import House, build_house

REFUSAL = {"control:Auth-Type": {"op": ":=", "do_xlat": False, "value": ["Reject"]}}


def ask(hooks: FlaskClient, nas: str, **attributes: Any) -> Any:
    packet = {name.replace("_", "-"): value for name, value in attributes.items()}
    answer = hooks.post(f"/authorize/{nas}", json=packet)
    assert answer.status_code == 200
    return answer.get_json()


def test_a_verified_device_gets_its_password_time_and_speed(
    hooks: FlaskClient, house: House, grant: AccessGrant, now: datetime
) -> None:
    user_name, password = log_in(grant, now)
    answer = ask(hooks, house.nas_name, User_Name=user_name, Calling_Station_Id=PHONE_MAC.dashes)
    assert {name: reply["value"][0] if isinstance(reply, dict) else reply for name, reply in answer.items()} == {
        "control:Cleartext-Password": password,
        "reply:Session-Timeout": 4 * 3600,
        "reply:Idle-Timeout": 900,
        "reply:Acct-Interim-Interval": 600,
        "reply:Class": "0x" + grant.visit_id.encode().hex(),
        "reply:WISPr-Bandwidth-Max-Down": 8_000_000,
        "reply:WISPr-Bandwidth-Max-Up": 4_000_000,
        "reply:ChilliSpot-Bandwidth-Max-Down": 8000,
        "reply:ChilliSpot-Bandwidth-Max-Up": 4000,
        "reply:Mikrotik-Rate-Limit": "4000k/8000k",
    }
    assert all(isinstance(reply, int) or reply["do_xlat"] is False for reply in answer.values())


def test_no_limit_sends_no_attribute() -> None:
    free = reply_to(Decision(True, "granted", cleartext_password="p", session_timeout=60))
    assert set(free) == {"control:Cleartext-Password", "reply:Session-Timeout", "reply:Acct-Interim-Interval"}
    half = reply_to(Decision(True, "granted", cleartext_password="p", session_timeout=60, down_kbps=500))
    assert half["reply:Mikrotik-Rate-Limit"]["value"] == ["0/500k"]


def test_an_accept_without_a_password_is_a_refusal_except_for_a_device_let_in_by_its_mac() -> None:
    assert reply_to(Decision(True, "granted")) == REFUSAL
    assert reply_to(Decision(False, "remembered")) == REFUSAL
    assert reply_to(Decision(True, "remembered", cleartext_password="p")) == REFUSAL
    by_mac = reply_to(Decision(True, "remembered", session_timeout=60))
    assert by_mac["control:Auth-Type"]["value"] == ["Accept"] and "control:Cleartext-Password" not in by_mac


def test_all_refusals_look_the_same(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    mine = {"User_Name": log_in(grant, now)[0], "Calling_Station_Id": PHONE_MAC.dashes}
    assert ask(hooks, house.nas_name, User_Name="nobody") == REFUSAL
    assert ask(hooks, house.nas_name, **mine | {"Calling_Station_Id": OTHER_MAC.dashes}) == REFUSAL
    assert ask(hooks, other.nas_name, **mine) == REFUSAL
    assert ask(hooks, "no-such-router", **mine) == REFUSAL


def test_the_venue_is_never_read_from_the_packet(
    hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    lies = {"NAS_Identifier": house.nas_name, "Called_Station_Id": house.nas_name, "FreeRADIUS_Client_Shortname": house.nas_name}
    assert ask(hooks, other.nas_name, User_Name=log_in(grant, now)[0], Calling_Station_Id=PHONE_MAC.dashes, **lies) == REFUSAL


@pytest.mark.parametrize("written", ["02-AA-BB-CC-DD-EE", "", "02aabbccdd01 02aabbccdd02", "*"])
def test_an_unreadable_mac_is_no_mac(hooks: FlaskClient, house: House, grant: AccessGrant, now: datetime, written: str) -> None:
    assert ask(hooks, house.nas_name, User_Name=log_in(grant, now)[0], Calling_Station_Id=written) == REFUSAL


@pytest.mark.parametrize("written", ["02-AA-BB-CC-DD-01", "02:aa:bb:cc:dd:01", "02aabbccdd01", "02aa.bbcc.dd01", "02AABB-CCDD01"])
def test_the_five_writings_of_a_mac_are_one_device(
    hooks: FlaskClient, house: House, grant: AccessGrant, now: datetime, written: str
) -> None:
    answer = ask(hooks, house.nas_name, User_Name=log_in(grant, now)[0], Calling_Station_Id=written)
    assert "control:Cleartext-Password" in answer


def test_asking_writes_nothing(hooks: FlaskClient, database: Database, house: House, grant: AccessGrant, now: datetime) -> None:
    def rows() -> dict[str, int]:
        with database.reading() as session:
            tables = [table for table in models.metadata.sorted_tables if table.name != "gateway_sign"]  # its own thread's
            return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}

    before = rows()
    for _ in range(3):
        ask(hooks, house.nas_name, User_Name=log_in(grant, now)[0], Calling_Station_Id=PHONE_MAC.dashes)
    assert rows() == before


def test_the_log_follows_the_visit_and_holds_no_password(
    hooks: FlaskClient, database: Database, house: House, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
    with caplog.at_level(logging.DEBUG):
        asked = {"User_Name": log_in(grant, now)[0], "User_Password": "tried-it"}
        ask(hooks, house.nas_name, **asked, Calling_Station_Id=PHONE_MAC.dashes)
        ask(hooks, house.nas_name, **asked, Calling_Station_Id=OTHER_MAC.dashes)
    said = " ".join(str(vars(record)) for record in caplog.records)
    assert "other_device" in said and current_trace() == grant.visit_id
    assert log_in(grant, now)[1] not in said and "tried-it" not in said
