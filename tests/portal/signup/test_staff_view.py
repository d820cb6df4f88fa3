"""The number on the guest's screen: it finds the visit for staff of its venue, and tells them nothing personal."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access import grants
from portal.acquisition.models import Visit
from portal.signup.online import came_online
from portal.signup.staff_view import by_check_number, check_number
from portal.staff import journal
from tests.support.access import make_grant, make_visit
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import build_house


def stand(database, house, now, grant=True, **visit):
    with database.writing() as session:
        visit_id = make_visit(session, house, now, **{"verified": True, **visit})
        if grant:
            make_grant(session, house, now, visit_id=visit_id)
    return visit_id


def found(database, house, number, now):
    with database.reading() as session:
        return by_check_number(session, number, [house.venue_id], now)


def test_the_number_finds_the_visit_however_it_was_typed(database, house, now):
    with database.writing() as session:
        stood = session.scalars(select(Visit).where(Visit.public_id == make_visit(session, house, now, verified=True))).one()
        stood.public_id = "-a_B-3cd9xyzxyzxyzxyzx"
    assert check_number("-a_B-3cd9xyzxyzxyzxyzx") == "AB3CD9"
    for typed in ("AB3CD9", "ab3cd9", " ab3 cd9 "):
        [one] = found(database, house, typed, now)
        assert one.arrived_at == now
    for typed in ("AB3CD8", "AB3CD", "", "%%%%%%", "______", "AB3CD9X"[1:]):
        assert found(database, house, typed, now) == []


@pytest.mark.parametrize("how", ["waiting", "let_in", "online", "revoked", "ended"])
def test_it_says_how_far_it_went(database, house, now, how):
    visit_id = stand(database, house, now, grant=how != "waiting")
    with database.writing() as session:
        if how == "online":
            came_online(session, visit_id, now, "accounting")
        if how == "revoked":
            grants.revoke(session, grants.by_visit(session, visit_id), "staff", now)
    [one] = found(database, house, check_number(visit_id), now + timedelta(hours=5 if how == "ended" else 0))
    assert one.state == how


def test_neither_other_venues_nor_older_visits_are_found(database, house, now):
    visit_id = stand(database, house, now)
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    assert found(database, other, check_number(visit_id), now) == []
    assert found(database, house, check_number(visit_id), now + timedelta(days=2, seconds=1)) == []


def test_staff_look_it_up_and_that_is_written_down(settings, database, house, now):
    visit_id = stand(database, house, now)
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    foreign = stand(database, other, now)
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "staff"))
    browser.get("/dashboard/lookup?lang=en")
    page = browser.post("/dashboard/lookup/number", form_at="/dashboard/lookup", number=check_number(visit_id)).text
    assert "let in, not seen online" in page and "02aabbccdd01" not in page and "02:aa" not in page
    missed = browser.post("/dashboard/lookup/number", form_at="/dashboard/lookup", number=check_number(foreign)).text
    assert "No such number" in missed
    wrong = browser.post("/dashboard/lookup/number", form_at="/dashboard/lookup", number="A1")
    assert wrong.status_code == 422 and "Six Latin letters and digits" in wrong.text
    with database.reading() as session:
        lines = [(line.action, line.subject) for line in journal.latest(session, house.organization_id)]
    assert lines == [("lookup.number", check_number(foreign)), ("lookup.number", check_number(visit_id))]
