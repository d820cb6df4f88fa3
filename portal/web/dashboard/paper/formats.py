"""The kinds of print, in millimetres."""

from dataclasses import dataclass

from portal.acquisition.models import SOURCE_KINDS


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of print. Lengths in mm; `name_size`, `why_size` and `small` are heights of type.

    `plan` is how it is laid out: `column`, `row` (the code to the left) or `strip` (black on a roll). `level` is the error
    correction that is wanted: H (30 % may be lost) for what gets scratched and wet, less for what hangs still, so that
    its modules are larger. `printable` is what the head of a receipt printer reaches of the paper's width.
    """

    width: float
    height: float
    plan: str
    qr: float  # the code with its quiet zone
    level: str
    name_size: float
    why_size: float
    small: float
    band: float = 0
    folded: bool = False  # two faces, the upper one upside down, the fold between them
    printable: float = 0
    brief: bool = False  # too small for more than the name, the reason and the link


FORMATS = {
    "tent": Format(105, 148, "column", 74, "q", 8, 7.4, 4.4, band=22),
    "tent_folded": Format(90, 95, "column", 46, "q", 5.4, 4.6, 2.9, band=14, folded=True),
    "sticker": Format(60, 60, "column", 31.5, "h", 3.9, 3.3, 2.3, band=8.5),
    "sticker_small": Format(40, 40, "column", 22.8, "h", 2.6, 2.2, 1.9, band=5.5, brief=True),
    "delivery": Format(90, 60, "row", 44, "h", 5.2, 4.6, 2.6),
    "badge": Format(86, 54, "row", 38, "h", 4.8, 4.2, 2.4),
    "receipt58": Format(58, 68, "strip", 36, "m", 4.4, 3.6, 2.9, printable=48),
    "receipt80": Format(80, 78, "strip", 42, "m", 5.4, 4.4, 3.4, printable=72),
    "poster_a4": Format(210, 297, "column", 130, "q", 16, 14, 7.5, band=44),
    "poster_a3": Format(297, 420, "column", 186, "q", 23, 20, 10.5, band=62),
}

_SUITS = {
    "table_tent": ("tent", "tent_folded", "sticker"),
    "receipt": ("receipt58", "receipt80"),
    "delivery_sticker": ("delivery", "sticker"),
    "packaging": ("sticker", "sticker_small", "delivery"),
    "staff_badge": ("badge",),
    "checkout": ("tent", "poster_a4"),
    "menu": ("sticker", "sticker_small"),
    "wifi": ("poster_a4", "tent"),
    "paper_form": ("sticker", "tent"),
}
assert set(_SUITS) <= set(SOURCE_KINDS)


def ordered(kind: str) -> list[str]:
    """All formats, those that suit a kind of placement first."""
    first = _SUITS.get(kind, ())
    return [*first, *(name for name in FORMATS if name not in first)]
