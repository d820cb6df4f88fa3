"""Blocking a number or a device on the Wi-Fi from the dashboard."""

import pytest

from portal.access.models import AccessBlock
from portal.access.remembered import is_welcome
from portal.staff import journal
from tests.support.access import PHONE_MAC, make_remembered
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import build_house

PHONE = "+7 903 123-45-67"


@pytest.fixture
def staff_browser(settings, database, house):
    """A waiter's."""
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "staff"))
    return browser


def test_staff_block_and_take_back_and_the_journal_knows(staff_browser, database, settings, house, now):
    with database.writing() as session:
        make_remembered(session, settings, house, now)
    form = {"venue": "teremok", "phone": PHONE, "mac": "", "reason": "Шумит"}
    assert staff_browser.post("/dashboard/blocks", **form).status_code == 303
    page = staff_browser.get("/dashboard/blocks").text
    assert "45-67" in page and "9031234567" not in page and "123-45-67" not in page and "Шумит" in page
    with database.reading() as session:
        (made,) = session.query(AccessBlock).all()
        assert (made.phone, made.mac, made.ended_at) == ("+79031234567", None, None)
        assert not is_welcome(session, house.venue_id, PHONE_MAC, now)
    assert staff_browser.post(f"/dashboard/blocks/{made.id}/end", form_at="/dashboard/blocks").status_code == 303
    assert staff_browser.post(f"/dashboard/blocks/{made.id}/end", form_at="/dashboard/blocks").status_code == 404
    with database.reading() as session:
        assert session.get(AccessBlock, made.id).ended_at is not None
        actions = {line.action for line in journal.latest(session, house.organization_id)}
        assert {"access.block", "access.unblock"} <= actions


def test_a_block_needs_somebody_and_a_reason(staff_browser, database):
    right = {"venue": "teremok", "phone": PHONE, "mac": "02:aa:bb:cc:dd:01", "reason": "Шумит"}
    for wrong in ({"phone": "", "mac": ""}, {"phone": "8 800"}, {"mac": "02:aa"}, {"reason": ""}, {"venue": "izbushka"}):
        assert staff_browser.post("/dashboard/blocks", **(right | wrong)).status_code == 422, wrong
    with database.reading() as session:
        assert session.query(AccessBlock).count() == 0


def test_another_tenants_block_is_neither_seen_nor_taken_back(staff_browser, settings, database, house, now):
    with database.writing() as session:
        other = build_house(session, "izbushka")
        theirs = AccessBlock(
            organization_id=other.organization_id, legal_entity_id=other.legal_entity_id, mac=PHONE_MAC.hex, reason="Чужое",
            staff_name="Не наш", created_at=now,
        )  # fmt: skip
        session.add(theirs)
    assert "Чужое" not in staff_browser.get("/dashboard/blocks").text
    assert staff_browser.post(f"/dashboard/blocks/{theirs.id}/end", form_at="/dashboard/blocks").status_code == 404
    with database.reading() as session:
        assert session.get(AccessBlock, theirs.id).ended_at is None
