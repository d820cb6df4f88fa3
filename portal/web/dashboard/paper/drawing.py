"""One sheet laid out: boxes, lines of type and the code, in millimetres from the top left corner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.web.dashboard.paper import code, type
from portal.web.dashboard.paper.code import Code
from portal.web.dashboard.paper.formats import FORMATS, Format
from portal.web.dashboard.paper.type import Fitted

BLACK, GREY = "#000000", "#4a484d"
LEADING = 1.22
_CAPITAL = 0.66  # height of a capital letter, of the size: Source Sans


@dataclass(frozen=True, slots=True)
class Words:
    """What stands on a sheet. `why` says in one line why to scan, `link` is the short link as people read it."""

    name: str
    why: str
    call: str
    url: str
    link: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Colours:
    """The venue's accent and what can be read on it, `#rrggbb`; on a receipt printer everything is black."""

    accent: str
    on_accent: str


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; where it meets the edge of the sheet it goes on into the bleed."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of type: `x`, `y` where its base line begins."""

    x: float
    y: float
    text: str
    weight: str
    size: float
    colour: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The code at a place."""

    x: float
    y: float
    code: Code


@dataclass(frozen=True, slots=True)
class Drawing:
    """A face of a format with everything on it."""

    format: Format
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    mark: Mark

    @property
    def height(self) -> float:
        """Of the whole sheet: two faces where it is folded."""
        return self.format.height * (2 if self.format.folded else 1)


def draw(name: str, words: Words, colours: Colours) -> Drawing:
    """Lay a format of FORMATS out. Raises PortalError `link_too_long`."""
    form = FORMATS[name]
    made = code.make(words.url, form.qr, form.level, dots=form.plan == "strip")
    plans = {"column": _column, "row": _row, "strip": _strip}
    return plans[form.plan](form, words, colours, made)


def _column(form: Format, words: Words, colours: Colours, made: Code) -> Drawing:
    """The name on a band, why to scan, the code, where to point the camera, the link."""
    room, middle = form.width * 0.86, form.width / 2
    name = type.fit(words.name, "bold", form.name_size, room, 1)
    why = type.fit(words.why, "bold", form.why_size, room, 2)
    call = type.fit("" if form.brief else words.call, "regular", form.small, room, 1)
    link = type.fit(words.link, "bold", form.small * 1.12, room, 1)
    last = _high(call) + _high(link)
    gap = (form.height - form.band - _high(why) - made.side - last) / 3.6
    code_y = form.band + gap + _high(why) + gap * 0.8
    call_y = code_y + made.side + gap * 0.8
    lines = [
        *_centred(name, "bold", middle, (form.band - name.size * _CAPITAL) / 2, colours.on_accent),
        *_centred(why, "bold", middle, form.band + gap, BLACK),
        *_centred(call, "regular", middle, call_y, GREY),
        *_centred(link, "bold", middle, call_y + _high(call), BLACK),
        *_label(form, words),
    ]
    band = Box(0, 0, form.width, form.band, colours.accent)
    return Drawing(form, (band,), tuple(lines), Mark((form.width - made.side) / 2, code_y, made))


def _row(form: Format, words: Words, colours: Colours, made: Code) -> Drawing:
    """The code at the left, the words beside it, a band of the venue's colour at the left edge."""
    edge = form.width * 0.045
    x = edge * 1.1 + made.side + form.width * 0.02
    room = form.width - x - form.width * 0.05
    name = type.fit(words.name, "regular", form.name_size * 0.8, room, 2)
    why = type.fit(words.why, "bold", form.why_size, room, 4)
    call = type.fit(words.call, "regular", form.small, room, 2)
    top = (form.height - made.side) / 2 + code.QUIET * made.module
    bottom = form.height - top
    lines = [
        *_left(name, "regular", x, top, GREY),
        *_left(why, "bold", x, top + _high(name) + form.small, BLACK),
        *_left(call, "regular", x, bottom - _high(call), GREY),
        *_centred(type.fit(words.link, "bold", form.small * 1.12, form.width * 0.86, 1), "bold",
                  (edge + form.width) / 2, form.height - form.small * 1.9, BLACK),
        *_label(form, words),
    ]  # fmt: skip
    band = Box(0, 0, edge, form.height, colours.accent)
    return Drawing(form, (band,), tuple(lines), Mark(edge * 1.1, (form.height - made.side) / 2 - form.small * 0.4, made))


def _strip(form: Format, words: Words, _colours: Colours, made: Code) -> Drawing:
    """Black on a roll, inside what the head reaches."""
    room, middle = form.printable, form.width / 2
    why = type.fit(words.why, "bold", form.why_size, room, 2)
    parts = [
        (type.fit(words.name, "bold", form.name_size, room, 1), "bold"), (why, "regular"), (None, ""),
        (type.fit(words.call, "regular", form.small, room, 1), "regular"),
        (type.fit(words.link, "bold", form.small * 1.12, room, 1), "bold"),
    ]  # fmt: skip
    used = sum(_high(part) if part else made.side for part, _weight in parts)
    gap, y = (form.height - used) / (len(parts) + 1), 0.0
    lines: list[Line] = []
    code_y = 0.0
    for part, weight in parts:
        y += gap
        if part is None:
            code_y, y = y, y + made.side
        else:
            lines += _centred(part, weight, middle, y, BLACK)
            y += _high(part)
    return Drawing(form, (), tuple(lines), Mark((form.width - made.side) / 2, code_y, made))


def _label(form: Format, words: Words) -> Iterator[Line]:
    """Which table it is for, small in the corner."""
    if words.label and not form.brief:
        fitted = type.fit(words.label, "regular", form.small * 0.8, form.width * 0.4, 1)
        right = form.width * 0.97 - type.width(fitted.lines[0], "regular", fitted.size)
        yield Line(right, form.height - form.width * 0.025, fitted.lines[0], "regular", fitted.size, GREY)


def _high(fitted: Fitted) -> float:
    return len(fitted.lines) * fitted.size * LEADING


def _centred(fitted: Fitted, weight: str, middle: float, top: float, colour: str) -> Iterator[Line]:
    for line, y in _base_lines(fitted, top):
        yield Line(middle - type.width(line, weight, fitted.size) / 2, y, line, weight, fitted.size, colour)


def _left(fitted: Fitted, weight: str, x: float, top: float, colour: str) -> Iterator[Line]:
    for line, y in _base_lines(fitted, top):
        yield Line(x, y, line, weight, fitted.size, colour)


def _base_lines(fitted: Fitted, top: float) -> Sequence[tuple[str, float]]:
    return [(line, top + fitted.size * (_CAPITAL + number * LEADING)) for number, line in enumerate(fitted.lines)]
