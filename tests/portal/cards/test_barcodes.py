import re

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from portal.cards.barcodes import BARS_QUIET, QR_QUIET, code128_svg, qr_svg

NUMBERS = ["2070019522524", "2999016266708093", "28801672512553820929", "00000000000000000000"]


def bars_picture(svg: str) -> Image.Image:
    """The one path of vertical bars, drawn as a browser would at two pixels a module."""
    width = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    image = Image.new("L", (width * 2, 80), 255)
    for start, bar in re.findall(r"M(\d+) 0h(\d+)v40h-", svg.split("<path d=")[1]):
        ImageDraw.Draw(image).rectangle((int(start) * 2, 0, (int(start) + int(bar)) * 2 - 1, 79), fill=0)
    return image


@pytest.mark.parametrize("number", NUMBERS)
def test_the_bars_decode_to_the_number_and_keep_their_quiet_zones(number: str) -> None:
    image = bars_picture(code128_svg(number, "Barcode"))
    found = zxingcpp.read_barcodes(image)
    assert [(str(f.format), f.text) for f in found] == [("Code 128", number)]
    quiet = image.crop((0, 0, BARS_QUIET * 2, 80)), image.crop((image.width - BARS_QUIET * 2, 0, image.width, 80))
    assert all(zone.getextrema() == (255, 255) for zone in quiet)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_qr_decodes_to_the_number_and_keeps_its_quiet_zone(number: str) -> None:
    svg = qr_svg(number, "QR")
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])  # type: ignore[index]
    image = Image.new("L", (size * 4, size * 4), 255)
    path = re.search(r'stroke="#000" d="([^"]+)"', svg)[1]  # type: ignore[index]
    x = y = 0.0
    for command, *numbers in re.findall(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?", path):
        first, second = float(numbers[0]), float(numbers[1] or 0)
        if command == "h":
            box = (x * 4, (y - 0.5) * 4, (x + first) * 4 - 1, (y + 0.5) * 4 - 1)
            ImageDraw.Draw(image).rectangle(box, fill=0)
            x += first
        else:
            x, y = (first, second) if command == "M" else (x + first, y + second)
    assert [(str(f.format), f.text) for f in zxingcpp.read_barcodes(image)] == [("QR Code", number)]
    assert image.crop((0, 0, image.width, QR_QUIET * 4)).getextrema() == (255, 255)


@pytest.mark.parametrize("draw", [qr_svg, code128_svg])
def test_a_strict_policy_allows_the_picture(draw: object) -> None:
    svg = draw("2012345678903", 'Code "A" & <b>')  # type: ignore[operator]
    assert "style" not in svg and "<?xml" not in svg and "xmlns" not in svg and "<script" not in svg
    assert 'fill="#fff"' in svg, "white even on a dark page"
    assert 'aria-label="Code &quot;A&quot; &amp; &lt;b>"' in svg
