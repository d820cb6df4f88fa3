"""The venue's look: colour, offer, logo, and the guest's page in a frame before anything is saved."""

import io
import re

import pytest
from sqlalchemy import select

from portal.acquisition.models import Visit
from portal.core.tokens import BadToken
from portal.staff.models import StaffJournal
from portal.venues.models import Venue
from portal.web import preview
from portal.web.dashboard.brand import FORM_BYTES
from portal.web.preview import Look
from tests.support.dashboard import Browser, employ
from tests.support.forged import forged
from tests.support.house import build_house
from tests.support.pictures import bomb_file, logo_file
from tests.support.signups import World, scan

AT = "/dashboard/venues/teremok/brand"
HOSTILE = [
    "{{ 7*7 }}",
    "{% for x in ().__class__ %}x{% endfor %}",
    "${7*7}",
    "{0.__class__}",
    "%(host)s %s",
    "{operator_name}",
    "<%= 7*7 %>",
]


@pytest.fixture
def world(settings, database, house) -> World:
    return World(settings, database, house)


@pytest.fixture
def browser(world, database, house) -> Browser:
    browser = Browser(world.app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


def look(**changes):
    return {
        "accent": "#1f6f5c",
        "offer_ru": "Кофе в подарок",
        "offer_en": "A coffee on us",
        "page": "qr",
        "language": "ru",
        **changes,
    }


def upload(browser: Browser, content: bytes, name: str = "logo.png"):
    values = {"csrf_token": browser.token(AT), "logo": (io.BytesIO(content), name)}
    return browser.client.post(f"{AT}/logo", data=values, environ_base=browser.environment)


def venue_of(database, house) -> Venue:
    with database.reading() as session:
        return session.get(Venue, house.venue_id)


def frame_of(page: str) -> str:
    return re.search(r'<iframe id="preview" src="([^"]+)"', page)[1]


def test_colour_and_offer_are_kept_and_journalled(browser, database, house):
    assert browser.post(AT, **look(accent="#ffee00")).status_code == 303
    venue = venue_of(database, house)
    assert (venue.accent, venue.offer_ru, venue.offer_en) == ("#ffee00", "Кофе в подарок", "A coffee on us")
    page = browser.get(AT + "?lang=en").text
    assert "moved a little" in page and "#ffee00 on #ffffff" not in page, "yellow on white cannot be read"
    with database.reading() as session:
        assert session.scalars(select(StaffJournal.action)).all() == ["brand.edit"]


@pytest.mark.parametrize("accent", ["red", "#12", "#8a4b2a;background:url(//evil.example)", "javascript:1", ""])
def test_only_a_colour_is_a_colour(browser, database, house, accent):
    answer = browser.post(AT, **look(accent=accent))
    assert answer.status_code == 422
    assert 'id="accent-error"' in answer.text
    assert venue_of(database, house).accent == "#8a4b2a"


def test_a_preview_shows_what_is_not_saved_and_saves_and_counts_nothing(browser, database, house):
    shown = browser.post(f"{AT}/preview", form_at=AT, **look(offer_ru="Пирог за наш счёт"))
    assert shown.status_code == 200
    page = Browser(browser.client.application).get(frame_of(shown.text))
    assert "Пирог за наш счёт" in page.text
    assert "/seen/" not in page.text
    assert venue_of(database, house).offer_ru.startswith("Карта гостя")
    with database.reading() as session:
        assert session.scalars(select(Visit)).all() == []


def test_the_wifi_page_and_the_other_language_can_be_looked_at(browser):
    shown = browser.post(f"{AT}/preview", form_at=AT, **look(page="wifi", language="en"))
    page = browser.get(frame_of(shown.text)).text
    assert 'lang="en"' in page and "Free Wi-Fi" in page and "A coffee on us" in page


def test_the_card_can_be_looked_at_and_is_nobodys(browser, world):
    from portal.cards import numbers
    from portal.web.guest.preview import SAMPLE_NUMBER

    assert numbers.is_valid(SAMPLE_NUMBER)
    shown = browser.post(f"{AT}/preview", form_at=AT, **look(page="card"))
    page = browser.get(frame_of(shown.text)).text
    assert numbers.grouped(SAMPLE_NUMBER) in page
    assert "<script" not in page and "manifest" not in page and "data-saved" not in page


@pytest.mark.parametrize(
    ("page", "says"),
    [("code", ("Enter the code from the SMS", "Can be sent again in")), ("online", ("You are online", "3 h 55 min"))],
)
def test_the_pages_after_the_form_can_be_looked_at_and_do_nothing(browser, database, page, says):
    shown = browser.post(f"{AT}/preview", form_at=AT, **look(page=page, language="en", accent="#ffee00"))
    framed = browser.get(frame_of(shown.text)).text
    assert [words for words in says if words not in framed] == []
    assert "#ffee00" in framed
    assert "<script" not in framed and set(re.findall(r'(?:action|href)="([^"]*)"', framed)) <= {"#", "data:,"} | set(
        re.findall(r'href="(/preview/[^"]*)"', framed)
    )
    with database.reading() as session:
        assert session.scalars(select(Visit)).all() == []


def test_only_the_preview_may_be_framed_and_only_by_us(browser, world, house):
    page = browser.get(AT)
    assert "frame-src 'self';" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    framed = browser.get(frame_of(page.text))
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox" in re.search(r"<iframe[^>]*>", page.text)[0]
    real = browser.get(f"/s/{house.source_code}")
    assert "frame-ancestors 'none'" in real.headers["Content-Security-Policy"]
    assert "frame-src" not in real.headers["Content-Security-Policy"]
    assert real.headers["X-Frame-Options"] == "DENY"


def test_a_preview_link_is_sealed_and_ends(settings, now):
    from datetime import timedelta

    made = Look(1, "qr", "ru", "#8a4b2a", "а", "b")
    token = preview.seal(settings.keys, made, now)
    assert preview.unseal(settings.keys, token, now + timedelta(minutes=59)) == made
    for wrong, at in ((token, now + timedelta(hours=2)), (forged(token), now), (settings.keys.seal("me", {}, now), now)):
        with pytest.raises(BadToken):
            preview.unseal(settings.keys, wrong, at)


def test_a_logo_is_kept_shown_to_guests_and_removed(browser, world, database, house):
    assert upload(browser, logo_file()).status_code == 303
    kept = venue_of(database, house).logo_png
    assert kept.startswith(b"\x89PNG") and len(kept) <= 3 * 1024
    world.change_venue()
    assert "data:image/png;base64," in scan(world.client(), house.source_code)
    assert "data:image/png;base64," in browser.get(AT).text
    browser.post(f"{AT}/logo/remove", form_at=AT)
    assert venue_of(database, house).logo_png is None
    with database.reading() as session:
        assert session.scalars(select(StaffJournal.action)).all() == ["brand.logo", "brand.logo"]


def test_a_large_photo_is_taken_though_other_forms_are_small(browser, database, house):
    raw = logo_file() + b"\x00" * 3_000_000
    assert upload(browser, raw).status_code == 303
    assert venue_of(database, house).logo_png
    assert browser.post("/dashboard/venues/teremok", name="x" * 100_000).status_code == 413


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "logo.png"),
        (bomb_file(50_000, 50_000), "logo.png"),
        (b"MZ\x90\x00", "logo.png"),
        (b"", ""),
        (logo_file() + b"\x00" * (4 * 1024 * 1024), "big.png"),
    ],
)
def test_a26_a7_what_is_no_small_picture_is_refused_beside_the_field(browser, database, house, content, name):
    answer = upload(browser, content, name)
    assert answer.status_code == 422
    assert 'id="logo-error"' in answer.text
    assert venue_of(database, house).logo_png is None


def test_a26_more_than_the_form_may_hold_is_not_read(browser, database, house):
    answer = upload(browser, b"\x00" * (FORM_BYTES + 1))
    assert answer.status_code == 413
    assert venue_of(database, house).logo_png is None


def test_a26_the_files_name_is_nothing_to_us(browser, database, house, settings):
    for name in ("../../../etc/passwd", "..\\x.png", "a\x00.png", "<script>.png", "x" * 3000):
        assert upload(browser, logo_file(), name).status_code in (303, 422)
    assert not list(settings.data_dir.rglob("*.png"))


def test_a26_strangers_and_lower_roles_may_not_send_a_large_form(world, database, house):
    stranger = Browser(world.app)
    marketer = Browser(world.app)
    marketer.sign_in(employ(database, house.organization_id, "marketer"))
    for browser in (stranger, marketer):
        token = browser.token("/dashboard/sign-in" if browser is stranger else "/dashboard/lookup")
        values = {"csrf_token": token, "logo": (io.BytesIO(b"\x00" * 1_000_000), "x.png")}
        answer = browser.client.post(f"{AT}/logo", data=values, environ_base=browser.environment)
        assert answer.status_code == 413


def test_a27_a_logo_comes_from_no_address(browser, database, house):
    token = browser.token(AT)
    for name in ("logo", "url", "logo_url"):
        answer = browser.send(f"{AT}/logo", csrf_token=token, **{name: "http://127.0.0.1:9/logo.png"})
        assert answer.status_code == 422
    assert venue_of(database, house).logo_png is None


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a28_a_venues_texts_are_never_a_template(browser, world, database, house, hostile):
    browser.post(AT, **look(offer_ru=hostile, offer_en=hostile))
    world.change_venue(name=hostile, city=hostile, question_ru=hostile, question_en=hostile, fields={"custom": "optional"})
    from markupsafe import escape

    pages = [
        scan(world.client(), house.source_code),
        browser.get(AT).text,
        browser.get(frame_of(browser.get(AT).text)).text,
        browser.get("/dashboard/venues/teremok").text,
        browser.get("/dashboard/venues/teremok/sms").text,
    ]
    for page in pages:
        assert str(escape(hostile)) in page
        assert "49" not in re.sub(r'data:[^"]*|value="[^"]*"|/[A-Za-z0-9_-]{30,}', "", page).replace("1249", "")


def test_another_organizations_look_cannot_be_previewed_or_changed(browser, database, house):
    with database.writing() as session:
        build_house(session, "blinnaya")
    for rest in ("", "/preview", "/logo", "/logo/remove"):
        answer = browser.post(f"/dashboard/venues/blinnaya/brand{rest}", form_at=AT, **look())
        assert answer.status_code == 404
