"""The landing is one small page plus one tiny picture, from one host, with the button above the fold."""

import gzip
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from portal.venues import logo
from portal.venues.models import Venue
from tests.support.pictures import photo_file
from tests.support.signups import World, leave_phone, scan

BUDGET = 14 * 1024  # bytes: what the first round trip of a new connection carries (ten packets, RFC 6928)
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">' + "".join(
    f'<path d="M{i} 1 {i * 7 % 9} 8"/>' for i in range(180)
)


def test_an_uploaded_photo_as_a_logo_leaves_the_landing_within_the_first_round_trip(world: World) -> None:
    drawn = logo.remade(photo_file())
    fields = {name: "optional" for name in ("name", "birthday", "email", "city", "custom")}
    question = "Ваш любимый кофе и где его варят лучше всего?"
    world.change_venue(logo_png=drawn, fields=fields, question_ru=question, question_en=question)
    page = scan(world.client(), world.house.source_code)
    assert "data:image/png" in page
    assert len(gzip.compress(page.encode(), 6)) <= BUDGET


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_heaviest_landing_fits_into_the_first_round_trip(world: World, language: str) -> None:
    with world.database.writing() as session:
        venue = session.get(Venue, world.house.venue_id)
        assert venue is not None
        venue.logo_svg = LOGO + "</svg>"
        venue.fields = {name: "optional" for name in ("name", "birthday", "email", "city", "custom")}
        venue.question_ru = venue.question_en = "Ваш любимый кофе и где его варят лучше всего?"
    assert len(venue.logo_svg) > 3000
    client = world.client()
    page = scan(client, world.house.source_code, **{"Accept-Language": language})
    assert "data:image/svg+xml" in page
    refused = leave_phone(client, page, phone="12", boxes=()).text
    for heavy in (page, refused):
        assert len(gzip.compress(heavy.encode(), 6)) <= BUDGET


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/s/{0.source_code}", "/v/{0.venue_code}"])
def test_a_phone_loads_the_page_and_one_picture_from_one_host(world: World, page: Page, address: str, path: str) -> None:
    asked: dict[str, str] = {}
    complaints: list[str] = []
    page.on("request", lambda request: asked.update({request.url: request.resource_type}))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(address + path.format(world.house), wait_until="networkidle")
    loaded = {url: kind for url, kind in asked.items() if not url.startswith("data:")}
    assert {urlsplit(url).netloc for url in loaded} == {urlsplit(address).netloc}
    assert sorted(loaded.values()) == ["document", "image"]
    assert complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_on_a_small_phone_the_button_is_above_the_fold_and_the_boxes_under_it(
    world: World, page: Page, address: str, language: str
) -> None:
    page.goto(f"{address}/s/{world.house.source_code}?lang={language}")
    button = page.locator("button[type=submit]").bounding_box()
    box = page.locator("input[type=checkbox]").first.bounding_box()
    wide = page.evaluate("document.documentElement.scrollWidth")
    field = page.locator("#phone").evaluate("element => parseFloat(getComputedStyle(element).fontSize)")
    assert button and box
    assert button["height"] >= 48
    assert button["y"] + button["height"] < 640
    assert box["y"] > button["y"] + button["height"]
    assert wide <= 360
    assert field >= 16  # below this iOS zooms in
