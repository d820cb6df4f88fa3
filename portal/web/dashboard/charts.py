"""Where the marks of a time graph stand. Shares of the width, so that the picture fits any screen; heights in pixels.

Lines live in a box of 1000 × HEIGHT that is stretched; points and words stand at percentages and keep their shape.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10

HEIGHT = 200
_TOP, _LEFT, _WIDTH = 14, 15, 970
_MOST_TICKS = 8
_STROKE = 12  # of a bucket between two gaps


@dataclass(frozen=True, slots=True)
class Datum:
    """One bucket as it is told: `value` is drawn, `shown` is read in the table, `said` is the point's name.

    `low` and `high` bound a share; None where there was nothing to divide by. `young`: it can still grow.
    """

    value: float | None
    name: str
    tick: str
    shown: str
    said: str
    before: float | None = None
    before_shown: str = "–"
    low: float | None = None
    high: float | None = None
    young: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at `x` percent of the width."""

    x: float
    y: float
    text: str
    quiet: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything that the macro draws, and the rows of the table beside it."""

    data: tuple[Datum, ...]
    points: tuple[Mark, ...]
    lines: tuple[tuple[str, bool], ...]  # path, and whether it is of buckets that can still grow
    area: str
    ghost: str
    band: str
    rules: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    hatches: tuple[tuple[float, float], ...]  # x and width, in percent
    notes: tuple[Mark, ...]


def graph(data: Sequence[Datum], notes: Sequence[tuple[int, str]] = (), *, share: bool = False) -> Graph:
    """Lay the buckets out from left to right. `notes`: bucket and text. `share`: values are shares of 1."""
    top = _ceiling(data, share)
    x = [_LEFT + (_WIDTH * (index + 0.5) / len(data)) for index in range(len(data))]
    y = [None if datum.value is None else _y(datum.value, top) for datum in data]
    before = [None if datum.before is None else _y(datum.before, top) for datum in data]
    return Graph(
        data=tuple(data),
        points=tuple(_points(x, y, data)),
        lines=tuple(_lines(x, y, [datum.young for datum in data])),
        area=_area(x, y),
        ghost=_path(x, before),
        band=_band(x, data, top),
        rules=_rules(top, share),
        ticks=tuple(_ticks(x, data)),
        hatches=tuple(_hatches(data)),
        notes=tuple(Mark(x[index] / 10, _TOP, text) for index, text in notes),
    )


def _points(x: Sequence[float], y: Sequence[float | None], data: Sequence[Datum]) -> Iterator[Mark]:
    for place, height, datum in zip(x, y, data, strict=True):
        if height is not None:
            yield Mark(place / 10, height, datum.said, datum.young)


def _ceiling(data: Sequence[Datum], share: bool) -> float:
    highest = max((max(d.value or 0, d.before or 0, d.high or 0) for d in data), default=0)
    if share:
        return min(1.0, max(0.1, ceil(highest * 10) / 10))
    if highest <= 4:
        return 4
    unit = 10.0 ** floor(log10(highest))
    return float(next(unit * step for step in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if unit * step >= highest))


def _y(value: float, top: float) -> float:
    return round(HEIGHT - (HEIGHT - _TOP) * value / top, 1)


def _path(x: Sequence[float], y: Sequence[float | None]) -> str:
    """A line through what is there; a gap where nothing is. A lonely bucket is a short stroke."""
    said = []
    for there, run in groupby(range(len(x)), key=lambda i: y[i] is not None):
        indexes = list(run)
        if there:
            alone = len(indexes) == 1
            begin = f"M{x[indexes[0]] - _STROKE / 2:.1f} {y[indexes[0]]}h{_STROKE}" if alone else ""
            said.append(begin or "M" + "L".join(f"{x[i]:.1f} {y[i]}" for i in indexes))
    return "".join(said)


def _lines(x: Sequence[float], y: Sequence[float | None], young: Sequence[bool]) -> Iterator[tuple[str, bool]]:
    first = young.index(True) if True in young else len(young)
    if first:
        yield _path(x[:first], y[:first]), False
    if first < len(young):
        begin = max(0, first - 1)
        yield _path(x[begin:], y[begin:]), True


def _area(x: Sequence[float], y: Sequence[float | None]) -> str:
    points = [(x[i], at) for i, at in enumerate(y) if at is not None]
    if len(points) < 2:
        return ""
    return f"M{points[0][0]:.1f} {HEIGHT}" + "".join(f"L{a:.1f} {b}" for a, b in points) + f"L{points[-1][0]:.1f} {HEIGHT}Z"


def _band(x: Sequence[float], data: Sequence[Datum], top: float) -> str:
    there = [(x[i], _y(d.low, top), _y(d.high, top)) for i, d in enumerate(data) if d.low is not None and d.high is not None]
    if len(there) < 2:
        return ""
    upper, lower = (f"{a:.1f} {high}" for a, _low, high in there), (f"{a:.1f} {low}" for a, low, _high in reversed(there))
    return "M" + "L".join([*upper, *lower]) + "Z"


def _rules(top: float, share: bool) -> tuple[Mark, ...]:
    def word(value: float) -> str:
        return f"{value * 100:g} %" if share else f"{value:g}"

    return tuple(Mark(0, _y(top * part, top), word(top * part)) for part in (0, 0.5, 1))


def _ticks(x: Sequence[float], data: Sequence[Datum]) -> Iterator[Mark]:
    step = ceil(len(data) / _MOST_TICKS) if data else 1
    for number, index in enumerate(range(0, len(data), step)):
        at = x[index] / 10
        anchor = "start" if at < 4 else "end" if at > 96 else "middle"
        yield Mark(at, HEIGHT, data[index].tick, bool(number % 2), anchor)


def _hatches(data: Sequence[Datum]) -> Iterator[tuple[float, float]]:
    for young, run in groupby(range(len(data)), key=lambda i: data[i].young):
        indexes = list(run)
        if young:
            width = _WIDTH / 10 / len(data)
            yield round(_LEFT / 10 + indexes[0] * width, 2), round(width * len(indexes), 2)
