"""A14: what belongs to another organization, or to a venue out of sight, answers as what does not exist."""

import re

import pytest

from portal.consent import documents
from portal.core.db import Database
from portal.venues.models import Venue
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import NOW, House, build_house, gateway_key


@pytest.fixture
def app(settings, database, house):
    return dashboard_app(settings, database)


@pytest.fixture
def other(database: Database, settings, house) -> House:
    with database.writing() as session:
        other = build_house(session, "blinnaya")
        for one in (house, other):
            venue = session.get(Venue, one.venue_id)
            documents.draft_all(session, venue, venue.legal_entity, NOW, settings)
    return other


def addresses(app, method: str, theirs: House) -> list[tuple[str, str]]:
    """Every address of the dashboard that names a thing, with the other tenant's thing and with one that nobody has."""
    here = {
        "session_id": 10**6,
        "cost_id": 1,
        "path": "qr",
        "kind": "wifi_terms",
        "language": "ru",
        "version": 1,
        "name": "tent",
        "note": "a-note",
        "gateway": gateway_key(theirs.venue_code),
        "gateway_kind": "simulator",
        "table": "channels",
        "suffix": "csv",
    }
    pairs = []
    for rule in app.url_map.iter_rules():
        if not (rule.endpoint.startswith("dashboard.") and method in rule.methods and {"code", "source"} & rule.arguments):
            continue
        code = theirs.source_code if rule.rule.startswith("/dashboard/sources/") else theirs.venue_code
        with app.test_request_context():
            values = {name: here[name] for name in rule.arguments if name != "code"}
            pairs.append(tuple(app.url_for(rule.endpoint, **values, code=one) for one in (code, "nobody-has")))
    return pairs


def shown(answer) -> tuple[int, str]:
    return answer.status_code, re.sub(r'value="[^"]*"|\?lang=en|/[\w.-]+/[^"]*\?', "", answer.text)


def test_every_page_of_another_organization_answers_as_one_that_does_not_exist(app, database, house, other):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    pairs = addresses(app, "GET", other)
    assert len(pairs) >= 14
    for theirs, nobodys in pairs:
        assert browser.get(theirs).status_code == 404, theirs
        assert shown(browser.get(theirs)) == shown(browser.get(nobodys)), theirs


def test_the_same_pages_open_for_their_own_owner(app, database, house, other):
    browser = Browser(app)
    browser.sign_in(employ(database, other.organization_id, "owner"))
    for theirs, _nobodys in addresses(app, "GET", other):
        assert browser.get(theirs).status_code == 200, theirs


def test_no_form_changes_another_organization(app, database, house, other):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    pairs = addresses(app, "POST", other)
    assert len(pairs) >= 12
    for theirs, _nobodys in pairs:
        assert browser.post(theirs, form_at="/dashboard/lookup", name="Stolen").status_code == 404, theirs
    with database.reading() as session:
        assert session.get(Venue, other.venue_id).name == "Теремок"
        assert session.get(Venue, other.venue_id).live


def test_a_venue_in_the_query_a_source_in_the_path_and_a_venue_in_a_form_are_scoped_too(app, database, house, other):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    assert browser.get(f"/dashboard/overview?venue={other.venue_code}").status_code == 404
    assert browser.get(f"/dashboard/sources?venue={other.venue_code}").status_code == 404
    for page in ("funnel", "times", "live", "live/part"):
        assert browser.get(f"/dashboard/{page}?venue={other.venue_code}").status_code == 404
    for asked in ("source", "pick"):  # a channel of others is one that does not exist
        pages = [(code, browser.get(f"/dashboard/funnel?{asked}={code}").text) for code in (other.source_code, "nobody-has")]
        assert len({re.sub(r'value="[^"]*"', "", page).replace(code, "it") for code, page in pages}) == 1, asked
    with database.writing() as session:
        for one in (house, other):
            session.get(Venue, one.venue_id).vouchers = True
    assert browser.post("/dashboard/vouchers", venue=other.venue_code).status_code == 422


def test_lists_name_nothing_of_another_organization(app, database, house, other):
    with database.writing() as session:
        session.get(Venue, other.venue_id).name = "Чужая блинная"
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    for path in ("/overview", "/compare", "/sources", "/vouchers", "/journal"):
        page = browser.get("/dashboard" + path)
        assert page.status_code == 200
        assert "Чужая блинная" not in page.text
        assert other.source_code not in page.text


def test_who_was_given_one_venue_does_not_see_the_others(app, database, house):
    with database.writing() as session:
        first = session.get(Venue, house.venue_id)
        second = Venue(
            organization_id=first.organization_id, legal_entity_id=first.legal_entity_id, code="second", name="Второй зал",
            created_at=NOW,
        )  # fmt: skip
        session.add(second)
        session.flush()
        second_id = second.id
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "marketer", venue_ids=(second_id,)))
    assert "Второй зал" in browser.get("/dashboard/compare").text
    assert "Теремок" not in browser.get("/dashboard/compare").text
    assert browser.get(f"/dashboard/overview?venue={house.venue_code}").status_code == 404
    assert browser.get(f"/dashboard/sources/{house.source_code}/edit").status_code == 404
