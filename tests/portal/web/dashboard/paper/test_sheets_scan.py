"""Every sheet scans: as PDF and as SVG at 150 dots an inch, and as a hasty photograph of that."""

import io

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from portal.web.dashboard.paper import pdf, svg
from portal.web.dashboard.paper.drawing import Colours, Words, draw
from portal.web.dashboard.paper.formats import FORMATS
from tests.conftest import skip_or_fail
from tests.support.browsing import chromium, missing
from tests.support.photo import photographed

LINK = "https://wifi.teremok.example/s/bcd2345"
WORDS = Words(
    "Теремок на Большой Никитской", "Карта гостя: −10 % с первого визита и кофе в подарок", "Наведите сюда камеру телефона",
    LINK, LINK.removeprefix("https://"), "Стол 7",
)  # fmt: skip
PALE, DARK = Colours("#f2d16b", "#161517"), Colours("#101418", "#ffffff")
DPI = 150


def rendered(file: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(io.BytesIO(file))
    pages = [page.render(scale=DPI / 72).to_pil() for page in document]
    document.close()
    return pages


def read(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("mode", pdf.MODES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_copy_in_a_pdf_decodes_to_the_link(name: str, mode: str) -> None:
    form = FORMATS[name]
    (page,) = rendered(pdf.write([draw(name, WORDS, PALE)], mode, "Стол 7"))
    faces = 2 if form.folded else 1
    many = mode == "a4" and form.plan != "strip" and not name.startswith("poster")
    copies = pdf.imposed(form.width, form.height * faces).copies if many else 1
    assert read(page) == [LINK] * copies * faces


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", FORMATS)
def test_a_hasty_photograph_of_every_format_decodes(name: str, seed: int) -> None:
    (page,) = rendered(pdf.write([draw(name, WORDS, DARK)], "single", ""))
    assert LINK in read(photographed(page, seed))


def test_the_photographs_are_no_mere_copies() -> None:
    """A sheet whose code is below the smallest module is lost in them: what the test above asks is not given away."""
    (page,) = rendered(pdf.write([draw("sticker_small", WORDS, DARK)], "single", ""))
    small = page.resize((page.width * 2 // 5, page.height * 2 // 5), Image.Resampling.LANCZOS)
    assert not any(read(photographed(small, seed)) for seed in range(6))


@pytest.mark.browser
def test_every_svg_decodes_and_its_photograph_too() -> None:
    if missing():
        skip_or_fail("Chromium is not installed (apt-get install chromium)")
    with chromium() as browser:
        page = browser.new_page(device_scale_factor=DPI / 96, viewport={"width": 1200, "height": 1700})
        for name in FORMATS:
            page.set_content(f"<body style='margin:0'>{svg.write(draw(name, WORDS, PALE), WORDS).partition('?>')[2]}</body>")
            picture = Image.open(io.BytesIO(page.locator("svg").screenshot()))
            faces = 2 if FORMATS[name].folded else 1
            assert read(picture) == [LINK] * faces, name
            assert LINK in read(photographed(picture, 1)), name
