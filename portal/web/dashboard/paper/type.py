"""Type on paper: Source Sans (Adobe, SIL Open Font License 1.1) from the PyPI package font-source-sans-pro.

It holds Latin, Cyrillic and the rouble sign, and comes with pip, so that a sheet looks the same on every machine: PDF
embeds its glyphs, SVG carries their outlines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import font_source_sans_pro
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

_FILES = Path(font_source_sans_pro.__file__).parent / "files"
FACES = {"regular": _FILES / "SourceSansPro-Regular.ttf", "bold": _FILES / "SourceSansPro-Semibold.ttf"}
_reading = Lock()  # fontTools reads a font piece by piece, from one place in it to the next
_UNKNOWN = "?"
_SHRINK = 0.05
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Face:
    """A font: advances and glyphs by their names, in `units` of the em, and the names by character."""

    units: int
    characters: dict[int, str]
    advances: Mapping[str, int]
    glyphs: Any


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines at the size (mm) at which they fit."""

    lines: tuple[str, ...]
    size: float


@cache
def face(weight: str) -> Face:
    """A face of FACES, read once."""
    font = TTFont(FACES[weight])
    advances = {name: advance for name, (advance, _left) in font["hmtx"].metrics.items()}
    return Face(font["head"].unitsPerEm, font.getBestCmap(), advances, font.getGlyphSet())


def printable(text: str) -> str:
    """The text with what the font has no glyph for replaced by a question mark."""
    known = face("bold").characters
    return "".join(c if ord(c) in known else " " if c.isspace() else _UNKNOWN for c in text)


def width(text: str, weight: str, size: float) -> float:
    """Mm of a line."""
    at = face(weight)
    return sum(at.advances[at.characters[ord(c)]] for c in text) * size / at.units


def outline(text: str, weight: str, size: float) -> str:
    """The line as an SVG path in mm: base line at 0, beginning at 0, y downwards."""
    at, pen_x = face(weight), 0.0
    scale = size / at.units
    pen = SVGPathPen(None, ntos=lambda number: f"{number:.2f}".rstrip("0").rstrip("."))
    for c in text:
        _glyph(weight, c).replay(TransformPen(pen, (scale, 0, 0, -scale, pen_x, 0)))
        pen_x += at.advances[at.characters[ord(c)]] * scale
    return str(pen.getCommands())


@cache
def _glyph(weight: str, character: str) -> DecomposingRecordingPen:
    """One outline, its components put in place."""
    at = face(weight)
    with _reading:
        drawn = DecomposingRecordingPen(at.glyphs)
        at.glyphs[at.characters[ord(character)]].draw(drawn)
    return drawn


def fit(text: str, weight: str, size: float, room: float, most: int, smallest: float = 0.65) -> Fitted:
    """At most `most` lines of `room` mm, smaller down to `smallest` of the size; what still does not fit ends in an ellipsis."""
    text = printable(text)
    steps = int((1 - smallest) / _SHRINK + 0.5)
    for step in range(steps + 1):
        tried = size * (1 - step * _SHRINK)
        lines = _broken(text, weight, tried, room)
        if len(lines) <= most and all(width(line, weight, tried) <= room for line in lines):
            return Fitted(tuple(_balanced(lines, weight, tried, room)), tried)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += ELLIPSIS
    return Fitted(tuple(_cut(line, weight, tried, room) for line in kept), tried)


def _broken(text: str, weight: str, size: float, room: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(f"{lines[-1]} {word}", weight, size) <= room:
            lines[-1] += f" {word}"
        elif word:
            lines.append(word)
    return lines


def _balanced(lines: list[str], weight: str, size: float, room: float) -> list[str]:
    """The same number of lines, as even as they go: no word alone on the last one."""
    text, kept = " ".join(lines), lines
    for percent in range(98, 40, -2):
        tried = _broken(text, weight, size, room * percent / 100)
        if len(tried) > len(lines) or any(width(line, weight, size) > room for line in tried):
            break
        kept = tried
    return kept


def _cut(line: str, weight: str, size: float, room: float) -> str:
    while width(line, weight, size) > room and len(line) > 1:
        line = line.rstrip(ELLIPSIS)[:-1].rstrip(" ,;:–—") + ELLIPSIS
    return line
