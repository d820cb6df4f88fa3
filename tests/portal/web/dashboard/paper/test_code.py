"""The code of a sheet: its outline is its modules, its correction as high as its size allows, its quiet zone kept."""

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from portal.core.errors import PortalError
from portal.web.dashboard.paper import code
from portal.web.dashboard.paper.code import DOT, QUIET, SMALLEST

LINK = "https://wifi.teremok.example/s/bcd2345"


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789./", min_size=1, max_size=120), st.sampled_from("hqml"))
def test_the_filled_outline_is_the_code_module_by_module(link: str, level: str) -> None:
    made = code.make(link, 100, level)
    filled = Image.new("1", (made.modules, made.modules), 1)
    for loop in made.outline:  # even-odd: each loop turns what lies inside it over
        inside = Image.new("1", filled.size, 0)
        for y in range(made.modules):
            edges = sorted(
                x for (x, a), (_x, b) in zip(loop, (*loop[1:], loop[0]), strict=True) if x == _x and min(a, b) <= y < max(a, b)
            )
            for left, right in zip(edges[::2], edges[1::2], strict=True):
                ImageDraw.Draw(inside).line((left, y, right - 1, y), fill=1)
        filled = ImageChops.logical_xor(filled, inside)
    wanted = segno.make(link, error=level, micro=False, boost_error=True)
    matrix = [[not cell for cell in row] for row in wanted.matrix_iter(border=QUIET)]
    assert [[bool(filled.getpixel((x, y))) for x in range(made.modules)] for y in range(made.modules)] == matrix


def test_every_corner_lies_inside_the_quiet_zone() -> None:
    made = code.make(LINK, 24, "h")
    places = [place for loop in made.outline for corner in loop for place in corner]
    assert (min(places), max(places)) == (QUIET, made.modules - QUIET)
    assert made.side == pytest.approx(24)


def test_correction_gives_way_to_modules_that_can_be_read_and_no_further() -> None:
    wide, tight = code.make(LINK, 40, "h"), code.make(LINK, 16.5, "h")
    assert wide.level == "h"
    assert tight.level != "h" and tight.module >= SMALLEST
    with pytest.raises(PortalError, match="link_too_long"):
        code.make(LINK, 12, "h")


@pytest.mark.parametrize("room", [30.0, 33.3, 36, 42])
def test_modules_of_a_receipt_are_whole_dots_of_its_printer(room: float) -> None:
    made = code.make(LINK, room, "m", dots=True)
    assert made.module / DOT == int(made.module / DOT) and made.side <= room
