"""Pictures as owners upload them, and as attackers do."""

import io
import struct
import zlib

from PIL import Image, ImageDraw


def logo_file(kind: str = "PNG", size: tuple[int, int] = (600, 600), **options: object) -> bytes:
    """A flat logo: a disc with a letter's worth of lines on a clear ground."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    width, height = size
    pen.ellipse((width * 0.05, height * 0.05, width * 0.95, height * 0.95), fill="#8a4b2a")
    pen.line(
        (width * 0.3, height * 0.75, width * 0.5, height * 0.25, width * 0.7, height * 0.75), fill="#ffffff", width=width // 14
    )
    out = io.BytesIO()
    (picture.convert("RGB") if kind == "JPEG" else picture).save(out, kind, **options)
    return out.getvalue()


def photo_file(size: tuple[int, int] = (1600, 1200)) -> bytes:
    """A noisy photograph: the hardest thing to make small."""
    picture = Image.effect_noise(size, 90).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def bomb_file(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it is huge; its rows are all there, deflated."""
    rows = zlib.compress(b"\x00" * min(width * height, 20_000_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
