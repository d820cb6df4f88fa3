"""Sources and their sheets as an owner makes and prints them."""

from urllib.parse import urlsplit

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.venues.models import Venue
from tests.support.journal import lines_of

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def test_a_source_is_made_edited_retired_and_put_back(browser, database, house):
    made = browser.post(
        "/dashboard/venues/teremok/sources/new", kind="receipt", label="Чек 1", plan_roubles="12.50", printed_count="200"
    )
    assert made.status_code == 303
    code = made.location.split("/")[3]
    edited = browser.post(
        f"/dashboard/sources/{code}/edit",
        kind="menu",
        label="Меню",
        utm_source="Menu Card",
        plan_roubles="12.05",
        printed_count="",
    )
    assert edited.status_code == 303
    with database.reading() as session:
        source = sources.find_by_code(session, code)
        assert (source.kind, source.label, source.utm_source, source.plan_kopecks, source.code) == (
            "menu",
            "Меню",
            "menu-card",
            1205,
            code,
        )
    browser.post(f"/dashboard/sources/{code}/retire", form_at="/dashboard/sources")
    with database.reading() as session:
        assert sources.find_by_code(session, code).retired_at
    browser.post(f"/dashboard/sources/{code}/reactivate", form_at=f"/dashboard/sources/{code}/edit")
    with database.reading() as session:
        assert sources.find_by_code(session, code).retired_at is None
    assert lines_of(database) == [(f"source.{verb}", code) for verb in ("create", "edit", "retire", "reactivate")]


def test_a_form_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong(browser):
    answer = browser.post(
        "/dashboard/venues/teremok/sources/new", kind="receipt", label="", utm_campaign="autumn", printed_count="-3"
    )
    assert answer.status_code == 422
    assert 'value="autumn"' in answer.text
    assert 'value="-3"' in answer.text
    assert 'aria-describedby="label-error label-hint"' in answer.text
    assert 'id="printed_count-error"' in answer.text


def test_fields_that_no_form_has_are_not_taken(browser, database, house):
    browser.post(
        f"/dashboard/sources/{house.source_code}/edit",
        kind="menu",
        label="Меню",
        organization_id="999",
        code="stolen",
        retired_at="2020-01-01",
    )
    with database.reading() as session:
        source = session.get(Source, house.source_id)
        assert (source.organization_id, source.code, source.retired_at) == (house.organization_id, house.source_code, None)


def test_hostile_labels_and_names_are_text_on_every_page_and_in_the_svg(browser, database, house):
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        session.get(Source, house.source_id).label = HOSTILE
        venue.name = venue.city = venue.address = venue.offer_ru = venue.offer_en = HOSTILE
        venue.vouchers = True
    paths = [
        "/overview", f"/funnel?pick={house.source_code}", f"/overview?source={house.source_code}", "/times", "/live", "/compare",
        "/sources", f"/sources/{house.source_code}/edit",
        f"/sources/{house.source_code}/sheets", f"/sources/{house.source_code}/life", f"/sources/{house.source_code}/costs",
        "/money", "/venues/teremok/sheets", "/venues/teremok",
        "/venues/teremok/sms",
        f"/sources/{house.source_code}/sheets/tent.svg", "/venues/teremok/wifi", "/venues/teremok/documents", "/vouchers",
    ]  # fmt: skip
    for path in paths:
        page = browser.get("/dashboard" + path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img src=x" not in page.text, path
        policy = page.headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy
        assert " style=" not in page.text, path


def test_a_sheet_carries_the_short_link_and_no_utm(browser, database, house, settings):
    svg = browser.get(f"/dashboard/sources/{house.source_code}/sheets/receipt80.svg")
    assert svg.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert f"{urlsplit(settings.base_url).netloc}/s/{house.source_code}" in svg.text
    assert "utm_" not in svg.text
    assert 'width="80mm" height="78mm"' in svg.text


def test_a_sheet_of_an_unknown_format_is_not_found(browser, house):
    assert browser.get(f"/dashboard/sources/{house.source_code}/sheets/banner").status_code == 404
    assert browser.get(f"/dashboard/sources/{house.source_code}/sheets/banner.svg").status_code == 404
