"""Every page in every state, in both languages: it comes, it fits a phone, it is whole, and axe finds nothing grave."""

import pytest
from playwright.sync_api import Browser

from tests.support.camera import shown
from tests.support.pages import LANGUAGES, NOT_PAGES, SIZES, STATES, State
from tests.support.stage import Stage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name.replace(" ", "-"))
def test_a_page_is_whole_and_open_to_everybody(theatre: Stage, browser: Browser, state: State, language: str) -> None:
    with shown(browser, theatre, state, language) as seen:
        assert seen.status == state.status
        assert seen.page.locator("html").get_attribute("lang") == language
        assert seen.page.title()
        assert seen.overflow() <= 0
        assert seen.faults() == []
        if language == LANGUAGES[0]:  # what a wider screen changes is the layout, and that is the same in both
            seen.page.set_viewport_size({"width": SIZES[1][0], "height": SIZES[1][1]})
            assert seen.faults() == []
        assert seen.complaints == []
        assert seen.strangers == set()


def test_every_page_of_the_url_map_has_its_picture(theatre: Stage) -> None:
    pages = {rule.endpoint for rule in theatre.app.url_map.iter_rules() if rule.methods and "GET" in rule.methods}
    pictured = {state.endpoint for state in STATES}
    assert pages - pictured - NOT_PAGES.keys() == set(), "add a State to tests/support/pages.py"
    assert NOT_PAGES.keys() - pages == set()
    answering = {rule.endpoint for rule in theatre.app.url_map.iter_rules()} | {"errors", "dashboard"}
    assert pictured - answering == set()


def test_the_names_of_states_are_file_names_of_their_own() -> None:
    names = [state.name for state in STATES]
    assert len(names) == len(set(names))
