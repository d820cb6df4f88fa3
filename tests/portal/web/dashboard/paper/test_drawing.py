"""A sheet's words: inside the paper, off the code, whole where they fit, and in glyphs that every machine has."""

import io
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from reportlab.lib.units import mm

from portal.web.dashboard.paper import pdf, svg, type
from portal.web.dashboard.paper.drawing import Colours, Drawing, Words, draw
from portal.web.dashboard.paper.formats import FORMATS, ordered

LINK = "https://wifi.teremok.example/s/bcd2345"
SHORT = Words("Теремок", "Карта гостя", "Наведите камеру", LINK, "wifi.teremok.example/s/bcd2345")
LONG = Words(
    "Кофейня-кондитерская «Превысокомногорассмотрительствующий теремок» на Большой Никитской улице",
    "Карта гостя: десятая чашка за наш счёт, завтрак в день рождения и кофе друзьям, которых вы приведёте с собой",
    "Дети пользуются этим Wi-Fi вместе со взрослыми, наведите камеру", LINK, "wifi.teremok.example/s/bcd2345", "Стол у окна № 7",
)  # fmt: skip
BROWN = Colours("#8a4b2a", "#ffffff")


def boxes(drawing: Drawing) -> list[tuple[str, float, float, float, float]]:
    """Text, left, top, right, bottom of every line."""
    return [
        (
            line.text,
            line.x,
            line.y - line.size * 0.75,
            line.x + type.width(line.text, line.weight, line.size),
            line.y + line.size * 0.2,
        )
        for line in drawing.lines
    ]


@pytest.mark.parametrize("words", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_leaves_the_paper_touches_the_code_or_another_line(name: str, words: Words) -> None:
    drawing = draw(name, words, BROWN)
    form, mark = drawing.format, drawing.mark
    quiet = 4 * mark.code.module  # words may come up to the quiet zone, not into it
    edge = (form.width - form.printable) / 2 if form.printable else form.width * 0.02
    found = boxes(drawing)
    for text, left, top, right, bottom in found:
        assert edge - 0.01 <= left and right <= form.width - edge + 0.01 and top >= 0 and bottom <= form.height, text
        beside = right <= mark.x + quiet or left >= mark.x + mark.code.side - quiet
        assert beside or bottom <= mark.y + quiet or top >= mark.y + mark.code.side - quiet, text
    for number, (text, left, top, right, bottom) in enumerate(found):
        for other, left2, top2, right2, bottom2 in found[number + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 + 0.01 or bottom2 <= top + 0.01
            assert apart, (text, other)
    assert mark.code.module >= 0.4


@pytest.mark.parametrize("name", FORMATS)
def test_the_pdf_holds_the_words_as_text_in_an_embedded_font(name: str) -> None:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf.write([draw(name, SHORT, BROWN)], "single", "Стол 7")))
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "Карта гостя" in text and SHORT.link in text


def test_a_print_shop_gets_its_bleed_and_its_trim() -> None:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf.write([draw("tent", SHORT, BROWN)], "shop", "")))
    page = document[0]
    trim, bleed = page.get_trimbox(), page.get_bleedbox()
    assert [round(v / mm, 2) for v in (trim[2] - trim[0], trim[3] - trim[1])] == [105, 148]
    assert [round((a - b) / mm, 2) for a, b in zip(trim, bleed, strict=True)] == [3, 3, -3, -3]
    picture = page.render(scale=150 / 72).to_pil().convert("RGB")
    document.close()
    dot = 150 / 25.4
    above_the_trim = picture.getpixel((picture.width // 2, int(10.5 * dot)))
    assert above_the_trim[0] > above_the_trim[2] + 60, "the band goes on into the bleed"
    assert picture.getpixel((picture.width // 2, int(8 * dot))) == (255, 255, 255)


@pytest.mark.parametrize(("name", "paper", "reached"), [("receipt58", 58, 48), ("receipt80", 80, 72)])
def test_a_receipt_is_black_alone_and_inside_what_the_head_reaches(name: str, paper: int, reached: int) -> None:
    drawing = draw(name, LONG, BROWN)
    assert drawing.format.width == paper and not drawing.boxes
    assert {line.colour for line in drawing.lines} == {"#000000"}
    margin = (paper - reached) / 2
    assert drawing.mark.x >= margin and drawing.mark.x + drawing.mark.code.side <= paper - margin
    assert "rgb" not in svg.write(drawing, LONG)


def test_an_svg_asks_for_nothing_and_says_what_it_is() -> None:
    words = Words("<Кофе & чай>", "Карта", "Сюда", LINK, "wifi.teremok.example")
    picture = svg.write(draw("sticker", words, BROWN), words)
    assert "&lt;Кофе &amp; чай&gt;" in picture
    for word in ("<text", "href", "style", "<script", "font-family"):
        assert word not in picture


def test_a_character_without_a_glyph_is_shown_as_such() -> None:
    assert type.printable("Кафе 漢 «ё» 5 ₽ №\u00a07") == "Кафе ? «ё» 5 ₽ №\u00a07"


def test_words_are_broken_evenly_and_what_does_not_fit_ends_visibly() -> None:
    room = type.width("Карта гостя: десятая чашка за наш", "bold", 5)
    fitted = type.fit("Карта гостя: десятая чашка за наш счёт", "bold", 5, room, 2)
    assert len(fitted.lines) == 2 and fitted.lines[1] != "счёт"
    cut = type.fit("слово " * 40, "bold", 5, 50, 2)
    assert len(cut.lines) == 2 and cut.lines[-1].endswith("…") and cut.size < 5
    assert type.fit("", "bold", 5, 50, 2).lines == ()


def test_the_formats_that_suit_a_kind_come_first_and_none_is_missing() -> None:
    assert ordered("receipt")[:2] == ["receipt58", "receipt80"]
    assert sorted(ordered("social")) == sorted(FORMATS)


def test_more_sheets_than_a_page_holds_go_on_the_next() -> None:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf.write([draw("sticker", SHORT, BROWN)] * 25, "a4", "")))
    sizes = [tuple(round(side / mm) for side in page.get_size()) for page in document]
    document.close()
    assert sizes == [(210, 297)] * 3


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that change places as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_several_at_once_do_not_get_into_each_others_way() -> None:
    """fontTools and reportlab keep their place in an open font."""
    words = [Words(f"Кофейня {n}", "Карта гостя: " + chr(0x430 + n) * 5, "Сюда", LINK, f"wifi.example/{n}") for n in range(24)]

    def made(one: Words) -> tuple[str, bytes]:
        drawing = draw("sticker", one, BROWN)
        return svg.write(drawing, one), pdf.write([drawing], "a4", one.name)

    type._glyph.cache_clear()
    type.face.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(made, words))
    assert together == [made(one) for one in words]
