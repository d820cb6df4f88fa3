"""Who is online at a venue, and putting a device off by the word of the staff."""

from datetime import datetime, timedelta

import pytest

from portal.access import grants, orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.jobs.orders import Watch
from portal.signup.online import came_online
from portal.signup.staff_view import check_number
from portal.staff import journal
from portal.venues.models import Venue
from tests.support.access import OTHER_MAC, PHONE_MAC, make_accounted, make_grant, make_proof, make_visit
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import House, build_house

PAGE = "/dashboard/online?lang=en"


@pytest.fixture
def waiter(settings: Settings, database: Database, house: House) -> Browser:
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "staff"))
    return browser


def come_online(database: Database, house: House, now: datetime, mac: Mac = PHONE_MAC, **session: object) -> AccessGrant:
    """A proven device; with keyword arguments its router accounts it, without them the phone itself said that it is online."""
    with database.writing() as db:
        visit_id = make_visit(db, house, now, verified=True)
        db.query(Visit).filter_by(public_id=visit_id).one().device_family = "iphone"
        grant = make_grant(db, house, now, visit_id=visit_id, mac=mac)
        came_online(db, visit_id, now, "accounting" if session else "proof_image")
        if session:
            make_accounted(db, house, grant, now, **session)
        db.expunge_all()
    return grant


def press(browser: Browser, grant: AccessGrant, form_at: str = PAGE) -> int:
    return browser.post(f"/dashboard/online/{grant.id}/disconnect", form_at=form_at).status_code


def put_outs(database: Database) -> list[tuple[int, str, str]]:
    with database.reading() as db:
        found = db.query(GatewayOrder).filter_by(verb="put_out").order_by(GatewayOrder.id)
        return [(order.grant_id, order.reason, order.state) for order in found]


def test_an_accounted_device_shows_its_number_volume_router_and_time_and_nobodys_phone(
    waiter: Browser, database: Database, settings: Settings, house: House, now: datetime
) -> None:
    with database.writing() as db:
        make_proof(db, settings, house, now)
    grant = come_online(database, house, now, output_octets=12_345_678_000, input_octets=2_340_000)
    page = waiter.get(PAGE).text
    for shown in (
        check_number(grant.visit_id),
        "iPhone",
        "…dd:01",
        "12.3 GB",
        "2.3 MB",
        "the router counts it",
        "4 h",
        house.nas_name,
    ):
        assert shown in page, shown
    for hidden in ("9031234567", "123-45-67", PHONE_MAC.hex, str(PHONE_MAC), PHONE_MAC.dashes, grant.visit_id, grant.user_name):
        assert hidden not in page, hidden


def test_a_device_that_nobody_accounts_says_how_we_know(waiter: Browser, database: Database, house: House, now: datetime) -> None:
    come_online(database, house, now)
    page = waiter.get(PAGE).text
    assert "the phone reached the internet" in page and "Pretend router" in page and " MB" not in page


def test_who_is_not_online_is_not_there_and_the_empty_page_says_what_to_do(
    waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    closed = come_online(database, house, now, stopped_at=now)
    with database.writing() as db:
        never = make_grant(db, house, now, mac=OTHER_MAC)
        over = make_grant(db, house, now - timedelta(days=1), mac=Mac("02aabbccdd03"))
        over.online_at = now - timedelta(days=1)
    page = waiter.get(PAGE).text
    assert "Nobody is online." in page and "check list" in page
    assert not any(check_number(one.visit_id) in page for one in (closed, never, over))


def test_a_session_that_outlives_its_grant_is_still_there(
    waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    grant = come_online(database, house, now - timedelta(hours=5), session_seconds=5 * 3600)
    page = waiter.get(PAGE).text
    assert check_number(grant.visit_id) in page and "is over" in page


def test_disconnect_ends_the_grant_is_journaled_and_becomes_an_order(
    waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    grant = come_online(database, house, now, session_seconds=60)
    assert press(waiter, grant) == 303
    with database.reading() as db:
        ended = db.get(AccessGrant, grant.id)
        assert (ended.revoked_reason, ended.revoked_at) == ("staff", now)
        line = journal.latest(db, house.organization_id)[0]
        assert (line.action, line.subject) == ("access.disconnect", f"teremok {check_number(grant.visit_id)}")
    assert Watch(database, lambda: now).place_endings() == 1
    assert put_outs(database) == [(grant.id, "staff", "waiting")]
    assert press(waiter, grant, "/dashboard/lookup") == 404, "a second press finds nothing"


def test_every_grant_of_the_device_ends_or_a_newer_one_would_let_it_in_again(
    waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    first, second = (come_online(database, house, now, session_seconds=1) for _ in range(2))
    other = come_online(database, house, now, OTHER_MAC, session_seconds=1)
    assert press(waiter, first) == 303
    with database.reading() as db:
        assert not grants.holds(db.get(AccessGrant, second.id), now)
        assert grants.holds(db.get(AccessGrant, other.id), now)


@pytest.mark.parametrize(
    ("state", "said", "words"),
    [
        ("waiting", "", "Asked, the router has not confirmed yet"),
        ("waiting", "no answer from the NAS", "the router does not answer"),
        ("waiting", "behind NAT: waits for its lease to end", "the access ends by itself within minutes"),
        ("done", "ACK", "the router confirmed"),
        ("failed", "HTTP 403 <x>", "HTTP 403 &lt;x&gt;"),
        ("expired", "", "The router did not do it"),
    ],
)
def test_the_page_says_what_became_of_it(
    waiter: Browser, database: Database, house: House, now: datetime, state: str, said: str, words: str
) -> None:
    grant = come_online(database, house, now, session_seconds=1)
    press(waiter, grant)
    with database.writing() as db:
        number = orders.place(db, db.get(AccessGrant, grant.id), "put_out", "staff", now)
        order = db.get(GatewayOrder, number)
        order.state, order.said = state, said
    page = waiter.get(PAGE).text
    assert words in page and f"/online/{grant.id}/disconnect" not in page


def test_who_was_put_off_stays_for_an_hour(settings: Settings, database: Database, house: House, now: datetime) -> None:
    grant = come_online(database, house, now)
    clock = [now]
    browser = Browser(dashboard_app(settings, database, lambda: clock[0]))
    browser.sign_in(employ(database, house.organization_id, "staff"))
    press(browser, grant)
    number = check_number(grant.visit_id)
    clock[0] = now + timedelta(minutes=59)
    assert number in browser.get(PAGE).text
    clock[0] = now + timedelta(minutes=61)
    assert number not in browser.get(PAGE).text


def test_another_organizations_devices_are_neither_seen_nor_disconnected(
    waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    come_online(database, house, now, session_seconds=1)
    with database.writing() as db:
        theirs = build_house(db, "izbushka")
    grant = come_online(database, theirs, now, OTHER_MAC, session_seconds=1)
    assert check_number(grant.visit_id) not in waiter.get(PAGE).text
    assert waiter.get("/dashboard/online?venue=izbushka").status_code == 404
    for number in (grant.id, 10**6, 2**63 - 1, 2**70):
        assert waiter.post(f"/dashboard/online/{number}/disconnect", form_at=PAGE).status_code == 404
    with database.reading() as db:
        assert grants.holds(db.get(AccessGrant, grant.id), now)


def test_staff_of_one_venue_do_not_disconnect_at_another(
    settings: Settings, database: Database, house: House, now: datetime
) -> None:
    grant = come_online(database, house, now, session_seconds=1)
    with database.writing() as db:
        mine = db.get(Venue, house.venue_id)
        hall = Venue(
            organization_id=mine.organization_id, legal_entity_id=mine.legal_entity_id, code="second", name="Второй зал",
            created_at=now,
        )  # fmt: skip
        db.add(hall)
        db.flush()
        hall_id = hall.id
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "staff", "hall@teremok.example", (hall_id,)))
    assert check_number(grant.visit_id) not in browser.get(PAGE).text
    assert press(browser, grant, "/dashboard/lookup") == 404


def test_strangers_and_forms_without_a_token_disconnect_nobody(
    settings: Settings, waiter: Browser, database: Database, house: House, now: datetime
) -> None:
    grant = come_online(database, house, now, session_seconds=1)
    stranger = Browser(dashboard_app(settings, database))
    assert "/dashboard/sign-in" in stranger.get("/dashboard/online").headers["Location"]
    assert waiter.send(f"/dashboard/online/{grant.id}/disconnect").status_code == 400
    with database.reading() as db:
        assert grants.holds(db.get(AccessGrant, grant.id), now)


@pytest.mark.parametrize("role", ["staff", "marketer", "owner"])
def test_the_page_stands_in_everybodys_navigation(settings: Settings, database: Database, house: House, role: str) -> None:
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, role))
    page = browser.get("/dashboard/lookup?lang=en").text
    assert '<a href="/dashboard/online">Online now</a>' in page
