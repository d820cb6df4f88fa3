"""What an owner sets for a venue: facts, documents, Wi-Fi, budgets."""

import re

import pytest

from portal.consent import documents
from portal.venues.directory import policy_of
from portal.venues.models import Venue


def test_dates_that_cannot_be_read_give_the_default_range_and_say_so(browser):
    page = browser.get("/dashboard/overview?from=22.11.2026&to=x")
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert 'value="2026-10-26"' in page.text


def settings_form(**changes):
    values = {
        "name": "Теремок",
        "timezone": "Asia/Omsk",
        "language": "ru",
        "utm_aliases": "table_tent_2 = table-tent\nТент=table-tent",
        "regions": ["RU", "KZ"],
        "identification_ground": "owner_rules",
        "own_addresses": "203.0.113.7\n2001:db8::/64",
        "vouchers": "y",
        **{f"ask_{name}": "off" for name in ("birthday", "email", "city", "custom")},
        "ask_name": "required",
    }
    return {**values, **changes}


def test_settings_of_a_venue_are_kept(browser, database, house):
    assert browser.post("/dashboard/venues/teremok", **settings_form()).status_code == 303
    with database.reading() as session:
        venue = session.get(Venue, house.venue_id)
        assert (venue.timezone, venue.regions, venue.vouchers) == ("Asia/Omsk", ["RU", "KZ"], True)
        assert venue.utm_aliases == {"table_tent_2": "table-tent", "Тент": "table-tent"}
        assert venue.fields == {"name": "required", "birthday": "off", "email": "off", "city": "off", "custom": "off"}
        assert venue.own_addresses == ["203.0.113.7/32", "2001:db8::/64"]
    page = browser.get("/dashboard/venues/teremok")
    assert "203.0.113.7/32\n2001:db8::/64" in page.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"utm_aliases": "no pair"}, "utm_aliases"),
        ({"own_addresses": "here"}, "own_addresses"),
        ({"ask_custom": "optional"}, "ask_custom"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"regions": []}, "regions"),
        ({"name": "  "}, "name"),
    ],
)
def test_wrong_settings_are_refused_at_their_field(browser, database, house, changes, field):
    answer = browser.post("/dashboard/venues/teremok", **settings_form(**changes))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text or f'id="{field}-note"' in answer.text
    with database.reading() as session:
        assert session.get(Venue, house.venue_id).timezone == "Europe/Moscow"


def test_a_venue_opens_only_when_nothing_stands_in_the_way(browser, database, house, settings, now):
    browser.post("/dashboard/venues/teremok/close", form_at="/dashboard/venues/teremok")
    browser.post("/dashboard/venues/teremok/open", form_at="/dashboard/venues/teremok")
    with database.reading() as session:
        assert not session.get(Venue, house.venue_id).live
    page = browser.get("/dashboard/venues/teremok?lang=en").text
    assert "Not published: Wi-Fi terms, Русский" in page
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        venue.address = "Тверская, 1"
        for draft in documents.draft_all(session, venue, venue.legal_entity, now, settings):
            documents.publish(session, draft, now)
    browser.post("/dashboard/venues/teremok/open", form_at="/dashboard/venues/teremok")
    with database.reading() as session:
        assert session.get(Venue, house.venue_id).live


def test_a_document_goes_from_draft_to_published_to_the_next_version(browser, database, house):
    with database.writing() as session:
        session.get(Venue, house.venue_id).address = "Тверская, 1"
    browser.post("/dashboard/venues/teremok/documents/draft", form_at="/dashboard/venues/teremok/documents")
    one = "/dashboard/venues/teremok/documents/wifi_terms/en/1"
    assert browser.post(f"{one}/edit", body="Terms\n\n<b>Be kind.</b>").status_code == 303
    assert "&lt;b&gt;Be kind.&lt;/b&gt;" in browser.get(one).text
    browser.post(f"{one}/publish", form_at=one)
    assert browser.get(f"{one}/edit").status_code == 404
    assert browser.post(f"{one}/edit", form_at=one, body="Other terms").status_code == 404
    assert browser.post(f"{one}/next", form_at=one).location.endswith("/wifi_terms/en/2/edit")
    with database.reading() as session:
        assert documents.published(session, house.venue_id, "wifi_terms", "en").body == "Terms\n\n<b>Be kind.</b>"


def test_a_document_with_a_gap_is_not_published(browser, database, house):
    with database.writing() as session:
        session.get(Venue, house.venue_id).address = ""
    browser.post("/dashboard/venues/teremok/documents/draft", form_at="/dashboard/venues/teremok/documents")
    one = "/dashboard/venues/teremok/documents/card_consent/ru/1"
    assert "disabled" in browser.get(one).text
    browser.post(f"{one}/publish", form_at=one)
    with database.reading() as session:
        assert documents.published(session, house.venue_id, "card_consent", "ru") is None


def test_no_page_of_the_dashboard_offers_to_tick_a_guests_box(browser):
    for path in ("/venues/teremok", "/venues/teremok/documents", "/venues/teremok/operator", "/venues/teremok/wifi"):
        page = browser.get("/dashboard" + path).text
        names = {part.split('"')[0] for part in page.split('name="')[1:]}
        assert not {name for name in names if "consent" in name or "tick" in name or "checked" in name or "default" in name}


def test_a_wifi_policy_gets_a_new_version(browser, database, house):
    form = {
        "session_minutes": "90", "idle_minutes": "20", "down_mbps": "7.5", "up_mbps": "2", "devices_per_guest": "2",
        "closes_at": " 9:30 ", "day_minutes": "120", "day_megabytes": "0", "interim_minutes": "5", "remember_days": "14",
        "remember_everywhere": "y",
    }  # fmt: skip
    assert browser.post("/dashboard/venues/teremok/wifi", **form).status_code == 303
    with database.reading() as session:
        policy = policy_of(session, house.venue_id)
        assert (policy.version, policy.session_seconds, policy.down_kbps) == (2, 5400, 7500)
        assert (policy.closes_at, policy.day_seconds, policy.day_megabytes) == ("09:30", 7200, 0)
        assert (policy.interim_seconds, policy.remember_days, policy.remember_everywhere) == (300, 14, True)
    wrong = {"session_minutes": "1", "closes_at": "24:00", "interim_minutes": "0", "remember_days": "181", "day_minutes": "-1"}
    for name, value in wrong.items():
        assert browser.post("/dashboard/venues/teremok/wifi", **{**form, name: value}).status_code == 422, name
    assert browser.post("/dashboard/venues/teremok/wifi", **{**form, "closes_at": ""}).status_code == 303


def test_budgets_are_kept_in_kopecks_and_a_path_can_be_stopped(browser, database, house):
    form = {"per_minute_wifi": "5", "roubles_wifi": "900", "per_minute_qr": "4", "roubles_qr": "100", "stopped_qr": "y"}
    assert browser.post("/dashboard/venues/teremok/sms", **form).status_code == 303
    with database.reading() as session:
        venue = session.get(Venue, house.venue_id)
        assert (venue.sms_day_kopecks_wifi, venue.sms_per_minute_qr, venue.sms_stopped_qr, venue.sms_stopped_wifi) == (
            90_000,
            4,
            True,
            False,
        )


def test_the_operators_facts_are_kept(browser, database, house):
    form = {
        "name": "ООО «Блин»", "inn": "7701234567", "ogrn": "1027700132195", "address": "Москва", "contact_email": "a@b.example",
        "rkn_notification": "77-1", "processors": "Хостинг", "card_prefix": "29", "card_digits": "16",
    }  # fmt: skip
    assert browser.post("/dashboard/venues/teremok/operator", **form).status_code == 303
    with database.reading() as session:
        entity = session.get(Venue, house.venue_id).legal_entity
        assert (entity.name, entity.card_prefix, entity.card_digits) == ("ООО «Блин»", "29", 16)
    assert browser.post("/dashboard/venues/teremok/operator", **{**form, "inn": "77"}).status_code == 422
    for wrong in ({"card_prefix": "2a"}, {"card_digits": "7"}, {"card_prefix": "12345678", "card_digits": "12"}):
        assert browser.post("/dashboard/venues/teremok/operator", **{**form, **wrong}).status_code == 422


@pytest.mark.parametrize("page", ["", "/brand", "/operator", "/wifi", "/sms"])
def test_every_setting_has_its_help_in_place(browser, page):
    html = browser.get(f"/dashboard/venues/teremok{page}").text
    fields = re.findall(r"<(?:input|select|textarea)[^>]*>", html[html.index("<main") :])
    shown = [field for field in fields if 'type="hidden"' not in field and 'name="regions"' not in field]
    assert len(shown) > 2
    for field in shown:
        described = re.search(r'aria-describedby="([^"]+)"', field)
        assert described, field
        assert all(f'id="{one}"' in html for one in described[1].split()), field
