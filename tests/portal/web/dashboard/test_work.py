"""What people do in the dashboard: sources, sheets, settings, vouchers, look-ups."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from portal.acquisition import sources
from portal.acquisition.models import Source
from portal.consent import documents
from portal.core.tokens import random_id
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.staff.models import StaffJournal
from portal.venues.directory import policy_of
from portal.venues.models import Venue
from tests.support.dashboard import Browser, dashboard_app, employ

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
PHONE = "+79031234567"


@pytest.fixture
def browser(settings, database, house):
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


def journal(database):
    with database.reading() as session:
        return [(line.action, line.subject) for line in session.scalars(select(StaffJournal).order_by(StaffJournal.id))]


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
    assert journal(database) == [(f"source.{verb}", code) for verb in ("create", "edit", "retire", "reactivate")]


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


def test_a_voucher_is_shown_once_and_written_down(browser, database, house):
    assert "csrf_token" in browser.get("/dashboard/vouchers").text
    assert browser.post("/dashboard/vouchers", venue="teremok").status_code == 422  # off
    with database.writing() as session:
        session.get(Venue, house.venue_id).vouchers = True
    answer = browser.post("/dashboard/vouchers", venue="teremok")
    code = answer.text.split('<p class="code"><code>')[1].split("</code>")[0]
    assert len(code.replace(" ", "")) == 10
    assert code not in browser.get("/dashboard/vouchers").text
    assert journal(database) == [("voucher", "teremok")]


def write_message(database, house, now, venue_id=None):
    with database.writing() as session:
        here = {"organization_id": house.organization_id, "venue_id": venue_id or house.venue_id}
        verification = PhoneVerification(
            **here, legal_entity_id=house.legal_entity_id, public_id=random_id(), link=random_id()[:10], visit_id=random_id(),
            path="qr", phone=PHONE, nonce=random_id(), language="ru", created_at=now, expires_at=now,
        )  # fmt: skip
        session.add(verification)
        session.flush()
        session.add(
            SmsMessage(
                **here, verification_id=verification.id, reference=random_id(), path="qr", phone=PHONE, language="ru",
                status="delivered", queued_at=now, not_after=now, delivered_at=now + timedelta(seconds=9),
            )
        )  # fmt: skip


def test_a_look_up_shows_the_delivery_alone_and_is_written_down_under_a_mask(browser, database, house, now):
    write_message(database, house, now)
    answer = browser.post("/dashboard/lookup?lang=en", form_at="/dashboard/lookup", phone="8 (903) 123-45-67")
    assert answer.status_code == 200
    assert "delivered" in answer.text
    assert "Теремок" in answer.text
    assert "9031234567" not in answer.text.replace(" ", "").replace("-", "")
    assert "+7 ••• ••• 45-67" in answer.text
    assert journal(database) == [("lookup", "+7 ••• ••• 45-67")]


def test_a_look_up_answers_the_same_for_a_guest_of_another_venue_and_for_nobody(browser, database, house, now):
    nobody = browser.post("/dashboard/lookup", phone="+79039999999").text
    from tests.support.house import build_house

    with database.writing() as session:
        other = build_house(session, "blinnaya")
    write_message(database, other, now)
    elsewhere = browser.post("/dashboard/lookup", phone=PHONE).text
    assert "<table" not in nobody
    assert "<table" not in elsewhere


def test_a_nul_in_an_address_or_a_field_fails_nothing(browser, database, house):
    for path in ("/venues/%00", "/overview?venue=%00", "/sources/%00/edit", "/venues/teremok/documents/%00/ru/1"):
        assert browser.get("/dashboard" + path).status_code == 404, path
    made = browser.post("/dashboard/venues/teremok/sources/new", kind="menu", label="Меню\x00\u202eуню", utm_source="a\x00b")
    assert made.status_code == 303
    with database.reading() as session:
        assert session.scalar(select(Source.label).where(Source.kind == "menu")) == "Меню уню"
    assert Browser(browser.client.application).sign_in("a\x00@b.example").status_code == 422


def test_a_number_that_gets_no_sms_is_refused_beside_the_field(browser, database):
    answer = browser.post("/dashboard/lookup", phone="8 495 123")
    assert answer.status_code == 422
    assert 'id="phone-error"' in answer.text
    assert journal(database) == []
