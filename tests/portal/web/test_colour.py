"""Whatever colour a venue picks, its guests can read the page (WCAG 2.2 AA)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.colour import DARK_SHEET, DEFAULT_ACCENT, LIGHT_SHEET, contrast, palette

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_links_and_buttons_can_be_read_in_light_and_dark(accent: str) -> None:
    for scheme, sheet in zip(palette(accent), (LIGHT_SHEET, DARK_SHEET), strict=True):
        assert contrast(scheme.ink, sheet) >= 4.5
        assert contrast(scheme.ink, scheme.page) >= 4.5
        assert contrast(scheme.on_accent, scheme.accent) >= 4.5
        assert contrast(scheme.accent, sheet) >= 3


def test_a_colour_that_can_be_read_already_is_left_alone() -> None:
    light, _dark = palette("#8a4b2a")
    assert light.accent == light.ink == "#8a4b2a"
    assert light.on_accent == "#ffffff"


def test_yellow_stays_a_button_with_dark_letters() -> None:
    light, dark = palette("#ffcc00")
    assert contrast(light.on_accent, "#000000") < 2
    assert dark.accent == "#ffcc00"


@pytest.mark.parametrize("typed", ["", "red", "#12345", "#zzzzzz", "#fff", "red;}*{display:none", "#8a4b2a;x:url(//evil)"])
def test_what_is_not_a_colour_counts_as_the_default(typed: str) -> None:
    assert palette(typed) == palette(DEFAULT_ACCENT)


def test_the_ratio_is_the_one_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the example every checker quotes
