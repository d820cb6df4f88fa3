import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.cards.numbers import grouped
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.core.tokens import random_id
from portal.web.guest.card import is_small_window
from tests.conftest import skip_or_fail
from tests.support.browsing import chromium, missing, served
from tests.support.house import House
from tests.support.persons import Person, sign_up
from tests.support.signups import World

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
SAFARI = f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1"
CAPTIVE_IPHONE = f"{IPHONE} Mobile/15E148"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
CAPTIVE_ANDROID = f"{PIXEL} Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36"


@pytest.fixture
def world(database: Database, house: House, settings: Settings) -> World:
    return World(settings, database, house)


@pytest.fixture
def address(world: World) -> Iterator[str]:
    with served(world.app) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    reason = missing()
    if reason:
        skip_or_fail(reason)
    with chromium() as browser:
        yield browser


@pytest.fixture
def person(world: World) -> Person:
    with world.database.writing() as session:
        return sign_up(session, world.settings, world.house, Phone("+79161234567"), world.now)


def test_the_card_shows_number_and_codes_and_is_kept_by_the_browser_alone(world: World, person: Person) -> None:
    answer = world.client().get(f"/c/{person.card_token}", headers={"User-Agent": SAFARI, "Accept-Language": "en"})
    number = world.rows(Card)[0].number
    assert answer.status_code == 200
    assert grouped(number) in answer.text and "Теремок" in answer.text and "Guest card" in answer.text
    assert answer.text.count('<svg role="img"') == 2
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "+7" not in answer.text, "the number of the phone is nobody's business at the till"


def test_opening_the_card_changes_nothing(world: World, person: Person) -> None:
    world.later(days=40)
    before = [(c.used_at, c.retired_at) for c in world.rows(Card)], [v.card_saved_at for v in world.rows(Visit)]
    client = world.client()
    assert client.get(f"/c/{person.card_token}").status_code == 200
    assert client.head(f"/c/{person.card_token}").status_code == 200
    assert ([(c.used_at, c.retired_at) for c in world.rows(Card)], [v.card_saved_at for v in world.rows(Visit)]) == before


def test_another_token_and_a_retired_card_get_the_same_404(world: World, person: Person) -> None:
    with world.database.writing() as session:
        session.execute(update(Card).values(retired_at=world.now))
    client = world.client()
    for path in ("", "/manifest.webmanifest"):
        tokens = random_id(), str(person.card_token)
        unknown, retired = (client.get(f"/c/{token}{path}") for token in tokens)
        assert unknown.status_code == retired.status_code == 404
        assert unknown.text.replace(tokens[0], "") == retired.text.replace(tokens[1], "")
    for hostile in ("1", "%00", "' OR 1=1 --", "x" * 3000, "../c/" + str(person.card_token), "каша"):
        assert client.get(f"/c/{hostile}").status_code == 404
    assert client.post(f"/c/{person.card_token}/saved").status_code == 404


def test_the_manifest_opens_this_very_card(world: World, person: Person) -> None:
    answer = world.client().get(f"/c/{person.card_token}/manifest.webmanifest?lang=en")
    manifest = answer.get_json(force=True)
    assert answer.mimetype == "application/manifest+json"
    assert manifest["start_url"] == manifest["id"] == manifest["scope"] == f"/c/{person.card_token}"
    assert (manifest["name"], manifest["display"], manifest["lang"]) == ("Теремок", "standalone", "en")
    for icon in manifest["icons"]:
        picture = Image.open(io.BytesIO(world.client().get(icon["src"]).data))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]


def test_the_offline_worker_is_kept_to_card_pages(world: World) -> None:
    answer = world.client().get("/sw.js")
    assert answer.headers["Service-Worker-Allowed"] == "/c/"
    assert answer.mimetype in ("text/javascript", "application/javascript")


@pytest.mark.parametrize(
    ("minutes", "how", "saved"),
    [(0, "opened", False), (9, "opened", False), (10, "opened", True), (0, "installed", True), (99, "shown", False)],
)
def test_a_card_counts_as_saved_when_installed_or_opened_again_later(
    world: World, person: Person, minutes: int, how: str, saved: bool
) -> None:
    world.later(minutes=minutes)
    at = world.now
    assert world.client().post(f"/c/{person.card_token}/saved", data={"how": how}).status_code == 204
    assert [v.card_saved_at for v in world.rows(Visit)] == [at if saved else None]


def test_a_card_is_in_use_without_scripts_and_in_windows_that_keep_nothing(world: World, person: Person) -> None:
    client = world.client()
    page = client.get(f"/c/{person.card_token}").text
    picture = re.search(r'<noscript><img src="([^"]+)"', page)
    assert picture is not None
    used = [world.now]
    for show in (
        lambda: client.get(picture[1]),
        lambda: client.post(f"/c/{person.card_token}/saved", data={"how": "shown"}),
    ):
        world.later(days=100)
        assert show().status_code in (200, 204)
        used.append(world.now)
        assert [card.used_at for card in world.rows(Card)] == [world.now]
    world.later(days=100)
    client.get(picture[1], headers={"Sec-Purpose": "prefetch"})
    client.head(picture[1])
    assert [card.used_at for card in world.rows(Card)] == used[-1:], "nobody has looked at it"
    assert world.rows(Visit)[0].card_saved_at is None
    assert client.get(f"/c/{random_id()}/shown").status_code == 404


def test_the_first_saving_stays_and_the_card_is_in_use(world: World, person: Person) -> None:
    client = world.client()
    client.post(f"/c/{person.card_token}/saved", data={"how": "installed"})
    first = world.now
    world.later(days=200)
    client.post(f"/c/{person.card_token}/saved", data={"how": "installed"})
    assert world.rows(Visit)[0].card_saved_at == first
    assert world.rows(Card)[0].used_at == world.now


@pytest.mark.parametrize(("agent", "small"), [(SAFARI, False), (CAPTIVE_IPHONE, True), (CAPTIVE_ANDROID, True), ("", False)])
def test_a_window_that_closes_by_itself_is_known(agent: str, small: bool) -> None:
    assert is_small_window(agent) is small


def test_in_a_captive_window_the_home_screen_is_not_offered(world: World, person: Person) -> None:
    small = world.client().get(f"/c/{person.card_token}", headers={"User-Agent": CAPTIVE_IPHONE}).text
    usual = world.client().get(f"/c/{person.card_token}", headers={"User-Agent": SAFARI}).text
    assert 'id="keep"' in usual and 'id="small-window"' not in usual
    assert 'id="keep"' not in small and f"{world.settings.base_url}/c/{person.card_token}" in small


def test_the_language_can_be_switched(world: World, person: Person) -> None:
    english = world.client().get(f"/c/{person.card_token}?lang=en").text
    assert '<html lang="en">' in english and 'hreflang="ru"' in english and "?lang=ru" in english


def until(page: Page, condition: str) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own way of polling."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def decoded(picture: bytes) -> dict[str, str]:
    image = Image.open(io.BytesIO(picture))
    return {str(found.format): found.text for found in zxingcpp.read_barcodes(image)}


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("digits", "scheme", "scale"), [(13, "light", 2), (13, "dark", 1), (20, "dark", 3)])
def test_both_codes_decode_from_a_screenshot_of_a_small_phone(
    world: World, person: Person, address: str, browser: Browser, digits: int, scheme: str, scale: int
) -> None:
    number = "20" + "1234567890" * 2
    with world.database.writing() as session:
        session.execute(update(Card).values(number=number[:digits]))
    page = browser.new_page(viewport={"width": 360, "height": 640}, color_scheme=scheme, device_scale_factor=scale)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{address}/c/{person.card_token}")
    assert decoded(page.screenshot(full_page=True)) == {"QR Code": number[:digits], "Code 128": number[:digits]}
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_opened_once_the_card_opens_without_a_network_and_a_retired_one_is_gone(
    world: World, person: Person, address: str, browser: Browser
) -> None:
    context = browser.new_context(locale="ru")
    page = context.new_page()
    page.goto(f"{address}/c/{person.card_token}")
    until(page, "navigator.serviceWorker.controller !== null")
    until(page, "caches.open('card-1').then(c => c.match(location.pathname)).then(Boolean)")
    context.set_offline(True)
    page.goto(f"{address}/c/{person.card_token}?lang=ru")
    assert set(decoded(page.screenshot(full_page=True))) == {"QR Code", "Code 128"}
    assert page.locator("#offline").is_visible()
    context.set_offline(False)
    with world.database.writing() as session:
        session.execute(update(Card).values(retired_at=world.now + timedelta(seconds=1)))
    answer = page.goto(f"{address}/c/{person.card_token}")
    assert answer is not None and answer.status == 404
    until(page, "caches.open('card-1').then(c => c.match(location.pathname)).then(kept => !kept)")


def test_nothing_of_the_visit_is_needed_for_the_card(world: World, person: Person) -> None:
    with world.database.writing() as session:
        session.execute(update(Card).values(visit_id=None))
    assert world.client().post(f"/c/{person.card_token}/saved", data={"how": "installed"}).status_code == 204
    with world.database.reading() as session:
        assert session.scalars(select(Visit.card_saved_at)).one() is None
