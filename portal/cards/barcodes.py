"""The card's number as a QR and as a Code 128: inline SVG without style attributes, so that a strict CSP allows it.

Both are black on white with their quiet zones inside the picture, whatever the page's colours are: tills read contrast.
"""

import segno
from barcode.codex import Code128

QR_QUIET = 4  # modules, ISO/IEC 18004
BARS_QUIET = 10  # modules, ISO/IEC 15417
_BARS_HEIGHT = 40  # modules
_MASK = 3  # any of the eight reads; choosing the prettiest for each card costs more than the rest of its page
_PIXELS = 2  # CSS pixels a module: a whole number, or the bars blur


def qr_svg(text: str, label: str) -> str:
    """An `<svg>` that scales to its box. Error correction M or better: a scratched screen must still read."""
    code = segno.make_qr(text, error="m", mask=_MASK)
    bare: str = code.svg_inline(border=QR_QUIET, light="#fff", svgclass=None, lineclass=None, omitsize=True)
    return bare.replace("<svg ", f'<svg role="img" aria-label="{_attribute(label)}" ', 1)


def code128_svg(number: str, label: str) -> str:
    """An `<svg>` of whole pixels: python-barcode encodes, one path draws (its own writer makes inline styles)."""
    modules: str = Code128(number).build()[0]
    width = len(modules) + 2 * BARS_QUIET
    return (
        f'<svg role="img" aria-label="{_attribute(label)}" width="{width * _PIXELS}" height="{_BARS_HEIGHT * _PIXELS}" '
        f'viewBox="0 0 {width} {_BARS_HEIGHT}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{width}v{_BARS_HEIGHT}H0z"/><path d="{_bars(modules)}"/></svg>'
    )


def _bars(modules: str) -> str:
    path, at = [], 0
    while (start := modules.find("1", at)) >= 0:
        at = modules.find("0", start)
        at = len(modules) if at < 0 else at
        path.append(f"M{start + BARS_QUIET} 0h{at - start}v{_BARS_HEIGHT}h-{at - start}z")
    return "".join(path)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
