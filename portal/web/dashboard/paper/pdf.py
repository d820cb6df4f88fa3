"""Drawings as PDF: vectors, the font's glyphs embedded, TrimBox and BleedBox for a print shop, or A4 pages to cut.

Greys and blacks are DeviceGray: in a press a code of four inks would be blurred by the first that slips.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from threading import Lock
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import FILL_EVEN_ODD, Canvas

from portal.web.dashboard.paper.drawing import Drawing, Line, Mark
from portal.web.dashboard.paper.type import FACES

MODES = ("a4", "shop", "single")
BLEED, OFFSET, MARK = 3.0, 4.0, 5.0  # mm beyond the trim; where a crop mark begins; its length
A4 = (210.0, 297.0)
_MARGIN, _GAP = 8.0, 4.0  # mm that a desk printer cannot reach; between copies
_HAIRLINE = 0.25  # points
_writing = Lock()  # reportlab keeps its place in a registered font while it takes glyphs out of it


@dataclass(frozen=True, slots=True)
class Page:
    """Places on a page of A4 for copies of one size, upright or lying."""

    width: float
    height: float
    across: int
    down: int

    @property
    def copies(self) -> int:
        """How many fit."""
        return self.across * self.down

    def places(self, width: float, height: float) -> Iterator[tuple[float, float]]:
        """Top left corners, the whole centred."""
        left = (self.width - self.across * (width + _GAP) + _GAP) / 2
        top = (self.height - self.down * (height + _GAP) + _GAP) / 2
        for row in range(self.down):
            for column in range(self.across):
                yield left + column * (width + _GAP), top + row * (height + _GAP)


def imposed(width: float, height: float) -> Page:
    """The page of A4, upright or lying, that holds the most copies; none fit on it where the sheet is as large itself."""
    return max((_page(*A4, width, height), _page(A4[1], A4[0], width, height)), key=lambda page: page.copies)


def write(drawings: Sequence[Drawing], mode: str, title: str) -> bytes:
    """All drawings (of one format) in one file. `mode`: `a4`, several on a page with lines to cut along, where they fit on
    one; `shop`, one a page with bleed and crop marks; `single`, one a page at its own size.

    A single drawing fills its page of A4 with copies.
    """
    with _writing:
        return _written(drawings, mode, title)


def _written(drawings: Sequence[Drawing], mode: str, title: str) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pageCompression=1, invariant=1, initialFontName=_fonts()["regular"])
    canvas.setTitle(title)
    canvas.setCreator("Vestibule")
    width, height = drawings[0].format.width, drawings[0].height
    page = imposed(width, height)
    if mode == "a4" and page.copies and drawings[0].format.plan != "strip":
        _on_a4(canvas, [*drawings] * page.copies if len(drawings) == 1 else drawings, page)
    else:
        around = BLEED + OFFSET + MARK if mode == "shop" and drawings[0].format.plan != "strip" else 0.0
        for drawing in drawings:
            _alone(canvas, drawing, around)
    canvas.save()
    return file.getvalue()


def _page(across: float, down: float, width: float, height: float) -> Page:
    def fitting(room: float, length: float) -> int:
        return int((room - 2 * _MARGIN + _GAP) / (length + _GAP) + 1e-9)

    return Page(across, down, fitting(across, width), fitting(down, height))


@cache
def _fonts() -> dict[str, str]:
    names = {}
    for weight, path in FACES.items():
        names[weight] = f"Sheet-{weight}"
        pdfmetrics.registerFont(TTFont(names[weight], str(path)))
    return names


def _on_a4(canvas: Canvas, drawings: Sequence[Drawing], page: Page) -> None:
    for begin in range(0, len(drawings), page.copies):
        canvas.setPageSize((page.width * mm, page.height * mm))
        some = drawings[begin : begin + page.copies]
        for drawing, (x, y) in zip(some, page.places(some[0].format.width, some[0].height), strict=False):
            _sheet(canvas, drawing, x, page.height - y, bleed=0.0)
            _cut_lines(canvas, x, page.height - y, drawing)
        canvas.showPage()


def _alone(canvas: Canvas, drawing: Drawing, around: float) -> None:
    width, height = drawing.format.width, drawing.height
    canvas.setPageSize(((width + 2 * around) * mm, (height + 2 * around) * mm))
    if around:
        canvas.setTrimBox(_box(around, around, width, height))
        canvas.setBleedBox(_box(around - BLEED, around - BLEED, width + 2 * BLEED, height + 2 * BLEED))
        _crop_marks(canvas, around, width, height)
    _sheet(canvas, drawing, around, height + around, bleed=BLEED if around else 0.0)
    canvas.showPage()


def _box(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    return x * mm, y * mm, (x + width) * mm, (y + height) * mm


def _sheet(canvas: Canvas, drawing: Drawing, x: float, top: float, bleed: float) -> None:
    """A drawing with its top left corner at a place of the page, y upwards."""
    canvas.saveState()
    canvas.translate(x * mm, top * mm)
    if not drawing.format.folded:
        _face(canvas, drawing, bleed)
    else:
        canvas.saveState()
        canvas.translate(0, -drawing.format.height * mm)
        _face(canvas, drawing, bleed)
        canvas.restoreState()
        canvas.translate(drawing.format.width * mm, -drawing.format.height * mm)
        canvas.rotate(180)
        _face(canvas, drawing, bleed)
    canvas.restoreState()


def _face(canvas: Canvas, drawing: Drawing, bleed: float) -> None:
    form = drawing.format
    for box in drawing.boxes:
        left = bleed if box.x == 0 else 0
        above = bleed if box.y == 0 and not form.folded else 0  # the other face begins there
        right = bleed if box.x + box.width == form.width else 0
        below = bleed if box.y + box.height == form.height else 0
        canvas.setFillColor(HexColor(box.colour))
        canvas.rect(
            (box.x - left) * mm, -(box.y + box.height + below) * mm, (box.width + left + right) * mm,
            (box.height + above + below) * mm, stroke=0, fill=1,
        )  # fmt: skip
    for line in drawing.lines:
        _type(canvas, line)
    _code(canvas, drawing.mark)


def _type(canvas: Canvas, line: Line) -> None:
    _ink(canvas, line.colour)
    canvas.setFont(_fonts()[line.weight], line.size * mm)
    canvas.drawString(line.x * mm, -line.y * mm, line.text)


def _ink(canvas: Canvas, colour: str) -> None:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if max(red, green, blue) - min(red, green, blue) <= 8:  # as good as grey
        canvas.setFillGray(green / 255)
    else:
        canvas.setFillColor(HexColor(colour))


def _code(canvas: Canvas, mark: Mark) -> None:
    side, module = mark.code.side, mark.code.module
    canvas.setFillGray(1)
    canvas.rect(mark.x * mm, -(mark.y + side) * mm, side * mm, side * mm, stroke=0, fill=1)
    canvas.setFillGray(0)
    path: Any = canvas.beginPath()
    for loop in mark.code.outline:
        for number, (x, y) in enumerate(loop):
            reach = path.lineTo if number else path.moveTo
            reach((mark.x + x * module) * mm, -(mark.y + y * module) * mm)
        path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=FILL_EVEN_ODD)


def _crop_marks(canvas: Canvas, around: float, width: float, height: float) -> None:
    canvas.setLineWidth(_HAIRLINE)
    canvas.setStrokeGray(0)
    for x in (around, around + width):
        for begin in (0.0, around + height + BLEED + OFFSET):
            canvas.line(x * mm, begin * mm, x * mm, (begin + MARK) * mm)
    for y in (around, around + height):
        for begin in (0.0, around + width + BLEED + OFFSET):
            canvas.line(begin * mm, y * mm, (begin + MARK) * mm, y * mm)


def _cut_lines(canvas: Canvas, x: float, top: float, drawing: Drawing) -> None:
    """Dashed: around each copy to cut along, and across one that is folded."""
    canvas.saveState()
    canvas.setLineWidth(_HAIRLINE)
    canvas.setStrokeGray(0.6)
    canvas.setDash(3, 3)
    width, height = drawing.format.width, drawing.height
    canvas.rect(x * mm, (top - height) * mm, width * mm, height * mm, stroke=1, fill=0)
    if drawing.format.folded:
        canvas.setDash(1, 2)
        canvas.line(x * mm, (top - height / 2) * mm, (x + width) * mm, (top - height / 2) * mm)
    canvas.restoreState()
