"""What became of a disconnect, for the owner at the gateway's page and for staff at the guest's number."""

from datetime import datetime, timedelta

import pytest

from portal.access import grants, orders
from portal.core.config import Settings
from portal.core.db import Database
from portal.signup.staff_view import check_number
from portal.venues.models import GatewayConfig
from tests.support.access import make_grant, make_visit
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import House


@pytest.fixture
def owner(settings: Settings, database: Database, house: House) -> Browser:
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


@pytest.fixture
def visit(database: Database, house: House, now: datetime) -> str:
    """A visit whose guest went offline by their own word; the router has not answered yet."""
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).key = "gateway-key"
        visit_id = make_visit(session, house, now, verified=True)
        grant = make_grant(session, house, now, visit_id=visit_id)
        grants.revoke(session, grant, "guest", now)
        orders.place(session, grant, "put_out", "guest", now)
        (order,) = orders.claim(session, now, verbs=("put_out",))
        orders.again(session, order, "no answer from the NAS", now)
    return visit_id


def settle(database: Database, said: str, now: datetime) -> None:
    with database.writing() as session:
        (order,) = orders.claim(session, now + timedelta(minutes=1), verbs=("put_out",))
        orders.settle(session, [order.id], "done", said, now)


def test_the_gateways_page_lists_its_last_disconnects(owner: Browser, database: Database, visit: str, now: datetime) -> None:
    page = owner.get("/dashboard/venues/teremok/gateways/gateway-key?lang=en").text
    assert "the guest's wish" in page.replace("&#39;", "'") and "under way: the router does not answer" in page
    settle(database, "ACK", now)
    assert "done: the router confirmed" in owner.get("/dashboard/venues/teremok/gateways/gateway-key?lang=en").text


def test_the_guests_number_tells_staff_too(owner: Browser, database: Database, visit: str, now: datetime) -> None:
    settle(database, "something <new>", now)
    answer = owner.post("/dashboard/lookup/number?lang=en", form_at="/dashboard/lookup", number=check_number(visit))
    assert answer.status_code == 200 and "done: something &lt;new&gt;" in answer.text
