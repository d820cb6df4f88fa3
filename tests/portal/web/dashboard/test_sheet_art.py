"""What is printed: it must scan, and its words must fit."""

import io
import shutil

import pytest
import zxingcpp
from PIL import Image

from portal.web.dashboard.sheet_art import FORMATS, QUIET, broken, draw, qr_path
from tests.conftest import skip_or_fail
from tests.support.browsing import chromium, missing, served
from tests.support.dashboard import Browser as DashboardBrowser
from tests.support.dashboard import dashboard_app, employ

LINK = "https://wifi.teremok.example/s/bcd2345"


@pytest.mark.parametrize("name", FORMATS)
def test_everything_stands_inside_the_paper_with_room_between(name):
    drawing = draw(
        name, LINK, "Теремок на Большой Никитской", "Карта гостя: −10 % с первого визита и кофе в подарок", "Наведите сюда камеру"
    )
    sheet = drawing.format
    assert drawing.gap > 1
    assert drawing.offer_y > sheet.band
    assert drawing.qr_y + sheet.qr < drawing.call_y - sheet.small * 0.8
    assert drawing.call_y + sheet.small * 1.4 < sheet.height - 1
    assert sheet.qr / drawing.qr_modules > 0.7  # mm a module: what a phone reads from a hand's distance


def test_the_path_is_the_code_with_its_quiet_zone():
    path, side = qr_path(LINK)
    corners = [part.split("h")[0].split() for part in path.split("M")[1:]]
    assert min(int(x) for x, _y in corners) == QUIET
    assert min(int(y) for _x, y in corners) == QUIET
    assert max(int(y) for _x, y in corners) == side - QUIET - 1


def test_words_are_broken_and_what_does_not_fit_is_cut_visibly():
    assert broken("one two three", 7, 3) == ("one two", "three")
    assert broken("one two three four", 7, 2) == ("one two", "three…")
    assert broken("Превысокомногорассмотрительствующий", 10, 1) == ("Превысоко…",)
    assert broken("", 10, 2) == ()


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_sheet_on_the_screen_decodes_to_its_link(settings, database, house):
    if missing() or not shutil.which("chromium"):
        skip_or_fail("Chromium is not installed (apt-get install chromium)")
    app = dashboard_app(settings, database)
    person = DashboardBrowser(app)
    person.sign_in(employ(database, house.organization_id, "marketer"))
    cookie = person.client.get_cookie("session").value
    with served(app) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.context.add_cookies([{"name": "session", "value": cookie, "url": address}])
        for name, sheet in FORMATS.items():
            page.goto(f"{address}/dashboard/sources/{house.source_code}/sheets/{name}")
            picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
            read = [found.text for found in zxingcpp.read_barcodes(picture)]
            assert read == [f"{settings.base_url}/s/{house.source_code}"] * sheet.copies, name
