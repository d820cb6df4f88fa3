"""A venue's logo, taken from an uploaded picture and drawn anew: what the file carried besides its pixels does not survive.

Only PNG, JPEG and WebP are opened, told by their content. The size in the header is read before a single pixel is, so that a
bomb is refused unopened. SVG is not taken: it is a program as much as a picture.
"""

import io
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.core.errors import PortalError

MAX_UPLOAD = 4 * 1024 * 1024  # bytes of a file
MAX_PIXELS = 16_000_000  # a phone's photo has 12 million; each costs four bytes while it is drawn anew
MAX_BYTES = 3 * 1024  # of what is kept: it travels inside the guest's page, which must stay within 14 KB
_FORMATS = ("PNG", "JPEG", "WEBP")
_EDGES = (512, 384, 256, 192, 144, 120, 96, 80, 64)  # px of the longer edge; shown at 40 px, on dense screens at 120
_COLOURS = (64, 32, 16, 8)
_SHARP = 120  # below this edge a logo is blurred on most phones: fewer colours are tried first


def remade(raw: bytes) -> bytes:
    """A PNG of at most 512 px and 3 KiB. Raises PortalError `logo_too_large`, `logo_not_a_picture`, `logo_too_many_pixels`."""
    if len(raw) > MAX_UPLOAD:
        raise PortalError("logo_too_large")
    picture = _opened(raw)
    for candidate in _candidates(picture):
        if len(candidate) <= MAX_BYTES:
            return candidate
    raise PortalError("logo_not_a_picture")


def _opened(raw: bytes) -> Image.Image:
    """The pixels, upright, without profile, comment or further frames."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own hint at bombs: ours is stricter
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as file:
                if file.width * file.height > MAX_PIXELS or min(file.size) < 1:
                    raise PortalError("logo_too_many_pixels")
                file.draft("RGB", (1024, 1024))  # JPEG: decode no more than is needed
                file.load()
                upright = ImageOps.exif_transpose(file) or file
                return upright.convert("RGBA")
    except PortalError:
        raise
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError):
        raise PortalError("logo_not_a_picture") from None


def _candidates(picture: Image.Image) -> Iterator[bytes]:
    """From large and rich to small and plain; sharpness goes before colours."""
    picture = picture.copy()
    picture.thumbnail((_EDGES[0], _EDGES[0]), Image.Resampling.LANCZOS)  # once: the others are made from it
    large = [edge for edge in _EDGES if edge >= _SHARP]
    small = [edge for edge in _EDGES if edge < _SHARP]
    for edges in (large, small):
        for edge in edges:
            scaled = picture.copy()
            scaled.thumbnail((edge, edge), Image.Resampling.LANCZOS)
            for colours in _COLOURS:
                yield _png(scaled, colours)


def _png(picture: Image.Image, colours: int) -> bytes:
    out = io.BytesIO()
    flat = picture.quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    flat.save(out, "PNG", optimize=True)
    return out.getvalue()
