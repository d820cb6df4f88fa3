"""Coming online: once, on the visit and its grants together, never before the guest was let in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.signup.online import came_online
from portal.venues import signs
from tests.support.access import make_grant, make_visit

SECOND = timedelta(seconds=1)


def stand(database, house, now, **kind):
    """A visit with a grant; gives its public id."""
    with database.writing() as session:
        visit_id = make_visit(session, house, now, **{"verified": True, **kind})
        make_grant(session, house, now, visit_id=visit_id)
    return visit_id


def told(database, visit_id, at, evidence="proof_image"):
    with database.writing() as session:
        return came_online(session, visit_id, at, evidence)


def found(database, visit_id):
    with database.reading() as session:
        visit = session.scalars(select(Visit).where(Visit.public_id == visit_id)).one()
        grant = session.scalars(select(AccessGrant).where(AccessGrant.visit_id == visit_id)).one()
    return (visit.online_at, visit.online_evidence), (grant.online_at, grant.online_evidence)


def test_time_and_evidence_are_set_once_and_together(database, house, now):
    visit_id = stand(database, house, now)
    assert told(database, visit_id, now + 3 * SECOND)
    assert not told(database, visit_id, now + 4 * SECOND, "accounting")
    assert found(database, visit_id) == ((now + 3 * SECOND, "proof_image"),) * 2
    with database.reading() as session:
        assert signs.seen(session, house.gateway_id)["online"].first_at == now + 3 * SECOND


def test_nobody_is_online_before_the_code(database, house, now):
    visit_id = stand(database, house, now)
    told(database, visit_id, now - 60 * SECOND, "accounting")
    assert found(database, visit_id) == ((now, "accounting"),) * 2


def test_a_visit_that_was_not_let_in_is_not_online(database, house, now):
    visit_id = stand(database, house, now, verified=False)
    assert not told(database, visit_id, now)
    assert found(database, visit_id)[0] == (None, None)


@pytest.mark.parametrize("visitor_class", ["voucher", "remembered"])
def test_vouchers_and_remembered_devices_need_no_code(database, house, now, visitor_class):
    visit_id = stand(database, house, now, verified=False, visitor_class=visitor_class)
    assert told(database, visit_id, now)
    assert found(database, visit_id) == ((now, "proof_image"),) * 2


def test_a_grant_that_is_over_is_not_said_to_be_online(database, house, now):
    visit_id = stand(database, house, now)
    told(database, visit_id, now + timedelta(days=1))
    assert found(database, visit_id)[1] == (None, None)
