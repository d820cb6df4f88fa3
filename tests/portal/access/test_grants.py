"""AccessGrant: made in one statement, random, bound to its device, ended by time or by word."""

import re
from datetime import datetime, timedelta

from sqlalchemy import event

from portal.access import grants, identification, sessions, vouchers
from portal.access.models import AccessGrant, Identification
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import parse_phone
from portal.venues import directory
from portal.venues.models import Venue
from tests.support.access import OTHER_MAC, PHONE_MAC, make_grant
from tests.support.house import House

SAFE = re.compile(r"[A-Za-z0-9_-]+\Z")


def test_a_grant_is_random_and_safe_to_pass_through_radius(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        made = [make_grant(session, house, now) for _ in range(20)]
    assert len({g.user_name for g in made}) == len({g.password for g in made}) == 20
    for grant in made:
        assert len(grant.user_name) >= 16 and SAFE.match(grant.user_name)
        assert len(grant.password) * 6 >= 96 and SAFE.match(grant.password)


def test_a_grant_takes_one_statement(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        venue, policy = session.get_one(Venue, house.venue_id), directory.policy_of(session, house.venue_id)
        said: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda _c, _u, statement, *_: said.append(statement))
        grants.issue(session, venue=venue, policy=policy, visit_id="v", mac=PHONE_MAC, gateway_id=None, now=now)
        session.flush()
    assert len(said) == 1 and said[0].startswith("INSERT INTO access_grant")


def test_what_issue_returns_is_what_is_stored(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        made = make_grant(session, house, now)
    with database.reading() as session:
        stored = session.get_one(AccessGrant, made.id)
        for column in AccessGrant.__table__.columns:
            assert getattr(stored, column.key) == getattr(made, column.key), column.key
    assert made.mac == PHONE_MAC.hex
    assert made.expires_at == now + timedelta(seconds=made.session_seconds) > now


def test_only_a_live_grant_of_the_same_device_and_venue_is_found(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        make_grant(session, house, now)
        newest = make_grant(session, house, now)
    with database.writing() as session:
        found = grants.live_for(session, house.venue_id, PHONE_MAC, now)
        assert found is not None and found.id == newest.id
        assert grants.live_for(session, house.venue_id, OTHER_MAC, now) is None
        assert grants.live_for(session, house.venue_id + 1, PHONE_MAC, now) is None
        assert grants.live_for(session, house.venue_id, PHONE_MAC, newest.expires_at) is None
        for _ in range(2):
            live = grants.live_for(session, house.venue_id, PHONE_MAC, now)
            assert live is not None
            grants.revoke(session, live, "staff", now)
        assert grants.live_for(session, house.venue_id, PHONE_MAC, now) is None


def test_the_first_reason_of_a_revocation_stays(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
        grants.revoke(session, grant, "guest", now)
        grants.revoke(session, grant, "staff", now + timedelta(minutes=1))
        assert sessions.time_left(grant, now) == timedelta(0)
    with database.reading() as session:
        stored = grants.by_visit(session, grant.visit_id)
        assert stored is not None
        assert (stored.revoked_at, stored.revoked_reason) == (now, "guest") == (grant.revoked_at, grant.revoked_reason)


def test_time_left_never_falls_below_zero(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        grant = make_grant(session, house, now)
    assert sessions.time_left(grant, now) == timedelta(seconds=grant.session_seconds)
    assert sessions.time_left(grant, grant.expires_at + timedelta(days=1)) == timedelta(0)


def test_a_vouchers_grant_lasts_what_is_left_of_the_voucher(
    database: Database, settings: Settings, house: House, now: datetime
) -> None:
    later = now + timedelta(minutes=50)
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        venue.vouchers = True
        code = vouchers.make(session, settings.keys, venue, "Анна", now)
        voucher = vouchers.redeem(session, settings.keys, settings, venue, code, PHONE_MAC, None, now)
        assert not isinstance(voucher, vouchers.VoucherRefused)
        first = make_grant(session, house, now, voucher_id=voucher.id)
        again = make_grant(session, house, later, voucher_id=voucher.id)
    assert again.expires_at == first.expires_at
    assert again.session_seconds == first.session_seconds - 50 * 60


def test_identification_keeps_who_where_and_until_when(
    database: Database, settings: Settings, house: House, now: datetime
) -> None:
    phone = parse_phone("+7 903 123-45-67", ("RU",))
    with database.writing() as session:
        venue, policy = session.get_one(Venue, house.venue_id), directory.policy_of(session, house.venue_id)
        made = identification.identify(
            session, settings, venue, phone, mac=PHONE_MAC, ip="10.0.0.9", gateway_id=house.gateway_id, policy=policy, now=now
        )
    with database.reading() as session:
        row = session.get_one(Identification, made.id)
        assert (row.phone, row.proof, row.mac, row.ip) == ("+79031234567", "sms", PHONE_MAC.hex, "10.0.0.9")
        assert row.destroy_after == now + timedelta(days=183)
        assert row.organization_id == house.organization_id and row.policy_version == policy.version
