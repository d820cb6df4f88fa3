"""The QR code of a sheet: error correction by its size, modules that a phone can tell apart, one outline to fill.

Black on white with four modules of quiet zone (ISO/IEC 18004 §6.3.8) whatever the venue's colours are. It is made from
the short link alone: texts, target and UTM values may change after printing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import segno

from portal.core.errors import PortalError

QUIET = 4  # modules
SMALLEST = 0.4  # mm: a module below it runs together on a café's printer
DOT = 0.125  # mm of a receipt printer's head: 203 dots an inch
_LEVELS = "hqml"  # the most correction first
Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Code:
    """`modules` and `module` (mm) with the quiet zone; `outline`: closed loops in modules, filled by the even-odd rule."""

    modules: int
    module: float
    level: str
    outline: tuple[tuple[Point, ...], ...]

    @property
    def side(self) -> float:
        """Mm with the quiet zone."""
        return self.modules * self.module


def make(url: str, room: float, level: str, *, dots: bool = False) -> Code:
    """The code of a link on a square of `room` mm: at `level`, or the highest below it whose modules are large enough.

    `dots`: a module is a whole number of a printer's dots. Raises PortalError `link_too_long` (`room`).
    """
    for wanted in _LEVELS[_LEVELS.index(level) :]:
        code = segno.make(url, error=wanted, micro=False, boost_error=True)
        modules = int(code.symbol_size(border=QUIET)[0])
        module = room / modules
        module = int(module / DOT) * DOT if dots else module
        if module >= SMALLEST:
            dark = [[bool(cell) for cell in row] for row in code.matrix_iter(border=QUIET)]
            return Code(modules, module, str(code.error).lower(), tuple(_loops(dark)))
    raise PortalError("link_too_long", room=room)


def _loops(dark: Sequence[Sequence[bool]]) -> Iterator[tuple[Point, ...]]:
    """Walk around what is dark: fills drawn module by module show hairlines between them."""
    leaving: dict[Point, list[Point]] = {}
    for begin, end in _edges(dark):
        leaving.setdefault(begin, []).append(end)
    while leaving:
        start = at = next(iter(leaving))
        loop = []
        while True:
            loop.append(at)
            at = _step(leaving, at)
            if at == start:
                break
        yield _corners(loop)


def _edges(dark: Sequence[Sequence[bool]]) -> Iterator[tuple[Point, Point]]:
    """Borders between dark and light, with the dark on the right hand. The quiet zone keeps every index inside."""
    for y, row in enumerate(dark):
        for x, is_dark in enumerate(row):
            if is_dark:
                around = (
                    (dark[y - 1][x], (x, y), (x + 1, y)),
                    (row[x + 1], (x + 1, y), (x + 1, y + 1)),
                    (dark[y + 1][x], (x + 1, y + 1), (x, y + 1)),
                    (row[x - 1], (x, y + 1), (x, y)),
                )
                yield from ((begin, end) for neighbour, begin, end in around if not neighbour)


def _step(leaving: dict[Point, list[Point]], at: Point) -> Point:
    ends = leaving[at]
    end = ends.pop()
    if not ends:
        del leaving[at]
    return end


def _corners(loop: Sequence[Point]) -> tuple[Point, ...]:
    around = zip((loop[-1], *loop[:-1]), loop, (*loop[1:], loop[0]), strict=True)
    return tuple(at for before, at, after in around if (before[0] == at[0]) != (at[0] == after[0]))
