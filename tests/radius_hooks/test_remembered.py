"""Remembered devices through the hooks, the spool and a real FreeRADIUS: let in by their MAC, and accounted for as somebody."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.access.models import AccessGrant, AccountingSession, Identification
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues import signs
from portal.venues.models import WifiPolicy
from tests.radius_hooks.conftest import Moment
from tests.support.access import OTHER_MAC, PHONE_MAC, log_in, make_remembered
from tests.support.house import House, build_house
from tests.support.radius import PrivateRadius
from tests.support.radius_line import (
    ACCT_SESSION_ID,
    ACCT_STATUS,
    CALLING,
    CLASS,
    SESSION_TIMEOUT,
    START,
    USER_NAME,
    RadiusLine,
    number,
)
from tests.support.spooled import Accounting

MINE = f'Calling-Station-Id = "{PHONE_MAC.dashes}"'
MANY = 500


@pytest.fixture
def device(database: Database, settings: Settings, house: House, now: datetime) -> Iterator[None]:
    """PHONE_MAC, on which Anna was proven yesterday."""
    with database.writing() as session:
        make_remembered(session, settings, house, now - timedelta(days=1))
    return


def report(mac: Mac = PHONE_MAC, status: str = "Start", session: str = "s1", **more: Any) -> dict[str, Any]:
    return {
        "Acct-Status-Type": status, "Acct-Session-Id": session, "User-Name": mac.dashes, "Calling-Station-Id": mac.dashes,
        "Framed-IP-Address": "10.0.0.9", **more,
    }  # fmt: skip


def rows(database: Database, model: type[Any]) -> list[Any]:
    with database.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def test_its_session_gets_a_visit_a_grant_and_a_register_row_once(
    accounting: Accounting, database: Database, device: None, now: datetime
) -> None:
    for status, name in (("Start", "s1"), ("Start", "s1"), ("Interim-Update", "s1"), ("Stop", "s1"), ("Start", "s2")):
        accounting.report(now, report(status=status, session=name))
    (visit,) = rows(database, Visit)
    assert (visit.visitor_class, visit.entry, visit.online_at, visit.online_evidence) == ("remembered", "wifi", now, "accounting")
    assert visit.guest_id is None and visit.phone_at is None and visit.verified_at is None
    (grant,) = rows(database, AccessGrant)
    assert (grant.visit_id, grant.mac, grant.online_at) == (visit.public_id, PHONE_MAC.hex, now)
    assert [one.grant_id for one in rows(database, AccountingSession)] == [grant.id, grant.id]
    assert [one.proof for one in rows(database, Identification)] == ["sms", "remembered"]


def test_sessions_of_strangers_and_of_names_that_are_another_devices_belong_to_nobody(
    accounting: Accounting, database: Database, device: None, now: datetime
) -> None:
    accounting.report(now, report(OTHER_MAC), report() | {"Calling-Station-Id": OTHER_MAC.dashes})
    assert {one.grant_id for one in rows(database, AccountingSession)} == {None}
    assert rows(database, Visit) == [] and rows(database, AccessGrant) == []


def test_copies_of_a_start_stored_at_once_make_one_visit(
    settings: Settings, database: Database, house: House, device: None, now: datetime
) -> None:
    """A reader that was killed may still be at work in the database when the next one begins."""
    readers = [Accounting(settings.accounting_spool / str(number), database, house.nas_name) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda reader: reader.report(now, report(), report()), readers))
    assert len(rows(database, Visit)) == len(rows(database, AccessGrant)) == len(rows(database, AccountingSession)) == 1


def test_authorize_itself_writes_nothing_and_the_sign_is_written_beside_it(
    hooks: FlaskClient, database: Database, house: House, device: None, now: datetime
) -> None:
    packet = {"User-Name": PHONE_MAC.dashes, "Calling-Station-Id": PHONE_MAC.dashes}
    for _ in range(5):
        answer = hooks.post(f"/authorize/{house.nas_name}", json=packet).get_json()
        assert answer["control:Auth-Type"]["value"] == ["Accept"] and "control:Cleartext-Password" not in answer
    hooks.application.extensions["vestibule"].radius_signs.settle()
    assert rows(database, Visit) == [] and rows(database, AccessGrant) == []
    with database.reading() as session:
        assert signs.seen(session, house.gateway_id)["radius"].first_at == now


@pytest.mark.freeradius
def test_freeradius_accepts_the_routers_writings_and_no_other_name(
    radius: PrivateRadius, database: Database, house: House, device: None
) -> None:
    with database.writing() as session:
        build_house(session, "izbushka")
    for how in ("User", "CHAP"):
        answer = radius.authorize(PHONE_MAC.dashes, PHONE_MAC.dashes, MINE, how=how)
        assert answer.startswith("Access-Accept") and "Session-Timeout = 14400" in answer, answer
    refused = [
        radius.authorize(PHONE_MAC.dashes, PHONE_MAC.dashes, f'Calling-Station-Id = "{OTHER_MAC.dashes}"'),
        radius.authorize(PHONE_MAC.dashes, PHONE_MAC.dashes),
        radius.authorize(OTHER_MAC.dashes, OTHER_MAC.dashes, f'Calling-Station-Id = "{OTHER_MAC.dashes}"'),
        radius.authorize(PHONE_MAC.dashes + " ", PHONE_MAC.dashes, MINE),
        radius.authorize(PHONE_MAC.dashes, "a-guess", MINE),
    ]
    assert [answer.split()[0] for answer in refused] == ["Access-Reject"] * 5


@pytest.mark.freeradius
def test_a_login_cannot_be_replayed_after_its_session_began_or_its_time_is_over(
    radius: PrivateRadius, grant: AccessGrant, clock: Moment
) -> None:
    user, password = log_in(grant, clock.now)
    for how in ("User", "CHAP", "User"):
        assert radius.authorize(user, password, MINE, how=how).startswith("Access-Accept")
    clock.now += timedelta(seconds=121)
    assert radius.authorize(user, password, MINE).startswith("Access-Reject")
    user, password = log_in(grant, clock.now)
    assert radius.authorize(user, password, f'Calling-Station-Id = "{OTHER_MAC.dashes}"').startswith("Access-Reject")
    start = ["Acct-Status-Type = Start", f'User-Name = "{user}"', 'Acct-Session-Id = "s1"', MINE]
    assert radius.authorize(user, password, MINE).startswith("Access-Accept")
    assert radius.account(*start).startswith("Accounting-Response") and radius.replay() == 1
    assert radius.authorize(user, password, MINE).startswith("Access-Reject")


@pytest.mark.freeradius
def test_a_quota_of_more_than_four_gigabytes_reaches_every_dialect(
    radius: PrivateRadius, database: Database, house: House, device: None
) -> None:
    with database.writing() as session:
        session.get_one(WifiPolicy, house.venue_id).day_megabytes = 5000
    answer = radius.authorize(PHONE_MAC.dashes, PHONE_MAC.dashes, MINE)
    low = 5 * 10**9 - 2**32
    for line in (
        f"ChilliSpot-Max-Total-Octets = {low}", f"Mikrotik-Total-Limit = {low}", "Mikrotik-Total-Limit-Gigawords = 1",
        "Attr-26.14559.23 = 0x00000001", "ChilliSpot-Bandwidth-Max-Down = 8000", "ChilliSpot-Bandwidth-Max-Up = 4000",
    ):  # fmt: skip
        assert line in answer, answer


@pytest.mark.freeradius
def test_five_hundred_remembered_devices_are_back_within_a_minute(
    radius: PrivateRadius, database: Database, settings: Settings, house: House, now: datetime
) -> None:
    macs = [Mac(f"0200000{number:05x}") for number in range(MANY)]
    with database.writing() as session:
        for mac in macs:
            make_remembered(session, settings, house, now - timedelta(days=3), mac=mac)
    line = RadiusLine(radius.auth_port, radius.acct_port, radius.secret, patience=5)

    def come_back(mac: Mac) -> bool:
        own = {USER_NAME: mac.dashes.encode(), CALLING: mac.dashes.encode()}
        answer = line.ask(own, mac.dashes)
        assert answer.accept and answer.integer(SESSION_TIMEOUT) == 4 * 3600 and CLASS not in answer.attributes
        return line.account(own | {ACCT_STATUS: number(START), ACCT_SESSION_ID: mac.hex.encode()})

    began = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(come_back, macs))
    assert radius.replay() == MANY
    took = time.monotonic() - began
    with database.reading() as session:
        online = select(func.count()).where(Visit.visitor_class == "remembered", Visit.online_at.is_not(None))
        assert session.scalar(online) == MANY
        granted = select(func.count()).where(AccountingSession.grant_id.is_not(None), AccountingSession.stopped_at.is_(None))
        assert session.scalar(granted) == MANY
        for model in (SmsMessage, PhoneVerification):
            assert session.scalar(select(func.count()).select_from(model)) == 0
    print(f"{MANY} remembered devices back in {took:.1f} s")
    assert took < 60
