"""A changed policy reaches whom it concerns."""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.access import policy_change
from portal.access.models import AccessGrant
from portal.core.db import Database
from portal.jobs.orders import carry_out_due
from portal.venues import directory
from portal.venues.settings import edit_policy
from tests.support.fake_nas import FakeNas, Received
from tests.support.house import House
from tests.support.orders import online, only_order


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
