"""A venue's accent, corrected so that it can be read: WCAG 2.2 AA on white and on dark.

A brand colour is moved only as far as it must be: the button keeps it down to 3:1 against the page (1.4.11) with black
or white on it at 4.5:1, while links and marks get a version of it that reaches 4.5:1 (1.4.3).
"""

import colorsys
import re
from dataclasses import dataclass

DEFAULT_ACCENT = "#8a4b2a"
LIGHT_SHEET, DARK_SHEET = "#ffffff", "#1d1c20"
_WHITE, _BLACK = "#ffffff", "#161517"
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one scheme: the page behind the sheet, the button, the text on it, links and marks."""

    page: str
    accent: str
    on_accent: str
    ink: str


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in _channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(accent: str) -> tuple[Palette, Palette]:
    """Light and dark colours for an accent; anything that is not `#rrggbb` counts as the default accent."""
    accent = accent.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", accent) else DEFAULT_ACCENT
    light_page, dark_page = _mix(accent, "#ffffff", 0.06), _mix(accent, "#111013", 0.05)
    return _scheme(accent, light_page, LIGHT_SHEET), _scheme(accent, dark_page, DARK_SHEET)


def _scheme(accent: str, page: str, sheet: str) -> Palette:
    fill = _move(accent, 3.0, page, sheet)
    on_fill = max((_WHITE, _BLACK), key=lambda text: contrast(text, fill))
    return Palette(page, _move(fill, 4.5, on_fill), on_fill, _move(accent, 4.5, page, sheet))


def _move(colour: str, ratio: float, *grounds: str) -> str:
    """The nearest lightness of the same hue that stands out from every ground."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    end = 0.0 if luminance(grounds[0]) > 0.18 else 1.0
    for step in range(_STEPS + 1):
        moved = _hex(colorsys.hls_to_rgb(hue, lightness + (end - lightness) * step / _STEPS, saturation))
        if all(contrast(moved, ground) >= ratio for ground in grounds):
            return moved
    raise AssertionError("black and white reach every ratio up to 4.5")


def _mix(colour: str, ground: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _hex(tuple(c * share + b * (1 - share) for c, b in pairs))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(min(1, max(0, channel)) * 255):02x}" for channel in channels)
