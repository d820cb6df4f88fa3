"""What is printed: sizes in millimetres, words broken into lines, the QR code as one path.

The QR stands black on white with its four modules of quiet zone whatever the venue's colours are, and is made from the
short code alone: texts, target and UTM values may change after printing.
"""

from dataclasses import dataclass

import segno

QUIET = 4  # modules, ISO/IEC 18004 §6.3.8
LEADING = 1.3


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of print. Lengths in mm; `name_size`, `offer_size` and `small` are font sizes; `copies` on one A4 page."""

    width: float
    height: float
    band: float
    qr: float
    name_size: float
    offer_size: float
    small: float
    copies: int = 1


FORMATS = {
    "tent": Format(105, 148, 22, 70, 8, 6.6, 4.2),
    "sticker": Format(60, 60, 9, 32, 4, 3.1, 2.5, copies=12),
    "receipt": Format(72, 84, 11, 44, 5, 4, 3.2),
    "poster": Format(210, 297, 44, 130, 17, 14, 8),
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything that the SVG template places."""

    format: Format
    qr_path: str
    qr_modules: int  # with the quiet zone
    name_lines: tuple[str, ...]
    offer_lines: tuple[str, ...]
    call: str

    @property
    def gap(self) -> float:
        """The free height between the band, the offer, the QR code and the last lines, shared out evenly."""
        sheet = self.format
        used = sheet.band + len(self.offer_lines) * sheet.offer_size * LEADING + sheet.qr + 2 * sheet.small * LEADING
        return (sheet.height - used) / 4

    @property
    def offer_y(self) -> float:
        """The first base line of the offer."""
        return self.format.band + self.gap + self.format.offer_size

    @property
    def qr_y(self) -> float:
        """The top of the QR code."""
        return self.format.band + 2 * self.gap + len(self.offer_lines) * self.format.offer_size * LEADING

    @property
    def call_y(self) -> float:
        """The base line of the call; the short link stands a line below."""
        return self.qr_y + self.format.qr + self.gap * 0.7 + self.format.small


def draw(format_name: str, url: str, name: str, offer: str, call: str) -> Drawing:
    """Lay one sheet out. `format_name` is a key of FORMATS."""
    sheet = FORMATS[format_name]
    path, modules = qr_path(url)
    room = sheet.width * 0.88
    names = broken(name, room / (sheet.name_size * 0.58), 1)
    offers = broken(offer, room / (sheet.offer_size * 0.54), 2 if format_name == "sticker" else 3)
    return Drawing(sheet, path, modules, names, offers, call)


def qr_path(url: str) -> tuple[str, int]:
    """The dark modules as an SVG path with 1 unit a module, and the side with the quiet zone. 15 % may be damaged."""
    code = segno.make(url, error="m", micro=False, boost_error=True)
    runs = []
    for y, row in enumerate(code.matrix_iter(border=QUIET)):
        start = None
        for x, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                runs.append(f"M{start} {y}h{x - start}v1h{start - x}z")
                start = None
    return "".join(runs), int(code.symbol_size(border=QUIET)[0])


def broken(text: str, room: float, most: int) -> tuple[str, ...]:
    """Words put into at most `most` lines of some `room` characters; the rest is cut with an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += " " + word
        else:
            lines.append(word)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] = kept[-1][: max(1, int(room) - 1)].rstrip(" ,;:–—") + "…"
    return tuple(line if len(line) <= room * 1.15 else line[: int(room) - 1] + "…" for line in kept)
