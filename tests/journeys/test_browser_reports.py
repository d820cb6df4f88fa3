"""The reports in a real browser: keys, points, menus, the live part, and how much of it the browser has to hold."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.support.stage import PASSWORD, VENUE, Stage

pytestmark = pytest.mark.browser
OVERVIEW = f"/dashboard/overview?venue={VENUE}"


@pytest.fixture
def page(theatre: Stage, browser: Browser) -> Iterator[Page]:
    """Signed in as a marketer who reads English."""
    theatre.language = "en"
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en", base_url=theatre.base)
    page = context.new_page()
    page.goto("/dashboard/sign-in")
    page.fill('[name="email"]', theatre.staff("marketer"))
    page.fill('[name="password"]', PASSWORD)
    page.locator("form button").first.click()
    page.wait_for_load_state()
    yield page
    context.close()


def pressed(page: Page, key: str) -> str:
    """Where a key leads."""
    with page.expect_navigation():
        page.keyboard.press(key)
    return page.url.partition("?")[2]


@pytest.mark.parametrize(
    ("key", "preset"), [("d", "today"), ("w", "week"), ("t", "thirty"), ("m", "month"), ("y", "year"), ("KeyD", "today")]
)
def test_a_key_chooses_the_days_on_any_keyboard_layout(page: Page, key: str, preset: str) -> None:
    page.goto(OVERVIEW + "&metric=rate")
    assert f"range={preset}" in pressed(page, key)
    assert "metric=rate" in page.url


def test_arrows_go_through_periods_x_compares_and_escape_clears(page: Page) -> None:
    page.goto(OVERVIEW + "&range=week&device=iphone")
    assert "from=" in pressed(page, "ArrowLeft")
    first = page.url
    assert pressed(page, "ArrowLeft") != first
    assert pressed(page, "ArrowRight") == first.partition("?")[2]
    assert page.locator(".ghost-line").count()
    assert "compare=off" in pressed(page, "x")
    assert page.locator("svg[data-graph] .ghost-line").count() == 0
    assert "compare=off" not in pressed(page, "x")
    assert "device" not in pressed(page, "Escape")


def test_a_question_mark_lists_the_keys_and_they_can_be_switched_off(page: Page) -> None:
    page.goto(OVERVIEW)
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("w")
    page.wait_for_timeout(200)
    assert "range=week" not in page.url
    page.evaluate("localStorage.clear()")


def test_letters_typed_into_a_field_are_letters(page: Page) -> None:
    page.goto(OVERVIEW)
    page.locator(".notes summary").click()
    page.locator("#text").press_sequentially("dwtmyx")
    assert page.locator("#text").input_value() == "dwtmyx"
    assert page.url.endswith(OVERVIEW)


def test_a_graph_is_one_stop_of_the_tab_key_and_arrows_walk_its_points(page: Page) -> None:
    page.goto(OVERVIEW)
    points = page.locator("svg[data-graph] circle.point")
    assert points.count() == 28
    points.first.focus()
    assert page.locator(".tip").is_visible()
    said = points.first.get_attribute("aria-label")
    assert page.locator(".tip").inner_text() == said
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == points.nth(1).get_attribute("aria-label")
    page.keyboard.press("End")
    assert page.url.endswith(OVERVIEW), "the arrows stay in the graph"
    assert page.locator("svg[data-graph] [tabindex='0']").count() == 1


def test_without_a_script_every_point_can_be_reached_and_every_filter_works(theatre: Stage, browser: Browser, page: Page) -> None:
    cookies = page.context.cookies()
    context = browser.new_context(java_script_enabled=False, base_url=theatre.base, locale="en")
    context.add_cookies(cookies)  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto(OVERVIEW)
    assert plain.locator("svg[data-graph] circle.point[tabindex='0']").count() == 28
    plain.locator(".menu summary", has_text="Filter").click()
    plain.select_option("#f-device", "iphone")
    plain.locator(".filter-sheet button").click()
    plain.wait_for_load_state()
    assert "device=iphone" in plain.url
    assert plain.locator(".chips li").count() == 2
    context.close()


def test_a_click_on_a_row_filters_by_its_channel(page: Page) -> None:
    page.goto(OVERVIEW)
    assert page.locator(".channels tbody tr").count() > 1
    with page.expect_navigation():
        page.locator(".channels tbody tr").first.locator(".verdict").click()
    assert "source=" in page.url
    assert page.locator(".channels tbody tr").count() == 1


def test_the_live_part_is_asked_for_again_and_shows_who_came(theatre: Stage, page: Page) -> None:
    page.clock.install()
    page.goto(f"/dashboard/live?venue={VENUE}")
    before = int(page.locator(".tile-value").first.inner_text())
    theatre.code_page()
    with page.expect_response("**/dashboard/live/part*"):
        page.clock.fast_forward(21_000)
    page.wait_for_function(f"Number(document.querySelector('.tile-value').textContent) === {before + 1}")
    assert page.locator("[data-live] rect[tabindex='0']").count() == 1


@pytest.mark.parametrize("asked", ["range=twelve_months", "range=twelve_months&grain=day&metric=rate", "range=quarter&grain=day"])
def test_no_page_holds_more_than_two_thousand_nodes(page: Page, asked: str) -> None:
    page.goto(f"{OVERVIEW}&{asked}")
    assert page.evaluate("document.querySelectorAll('*').length") <= 2000


def test_on_paper_the_first_screen_fits_the_width_of_a4(page: Page) -> None:
    page.goto(OVERVIEW)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # 186 mm of 96 dpi
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    for selector in (".channels", ".heat"):
        assert page.evaluate("([s]) => document.querySelector(s).scrollWidth <= 703", [selector]), selector
    assert not page.locator(".filter-row").is_visible()
    assert "Самовар на Покровке" in page.locator(".paper-only").inner_text(), "paper says whose numbers they are"
    assert page.pdf(format="A4").startswith(b"%PDF")
