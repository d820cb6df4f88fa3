"""A26: an uploaded logo is drawn anew, or refused before it can do harm."""

import io
import time
import tracemalloc

import pytest
from PIL import Image

from portal.core.errors import PortalError
from portal.venues import logo
from tests.support.pictures import bomb_file, logo_file, photo_file


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_logo_of_each_kind_becomes_a_small_png_that_still_shows_it(kind):
    drawn = logo.remade(logo_file(kind))
    picture = opened(drawn)
    assert picture.format == "PNG" and len(drawn) <= 3 * 1024
    assert max(picture.size) >= 120, "sharp at 40 px on a dense screen"
    red, green, blue, _alpha = picture.convert("RGBA").getpixel((picture.width // 2, int(picture.height * 0.9)))
    assert abs(red - 0x8A) < 24 and abs(green - 0x4B) < 24 and abs(blue - 0x2A) < 24


def test_a_clear_ground_stays_clear():
    assert opened(logo.remade(logo_file())).convert("RGBA").getpixel((0, 0))[3] == 0


def test_even_a_noisy_photograph_fits_into_the_guests_page():
    assert len(logo.remade(photo_file())) <= 3 * 1024


@pytest.mark.parametrize("size", [(1, 1), (4000, 3), (3, 4000), (2000, 500)])
def test_odd_shapes_keep_their_shape(size):
    picture = opened(logo.remade(logo_file(size=size)))
    assert max(picture.size) <= 512
    assert min(picture.size) >= 1


def test_a26_nothing_of_the_file_but_its_pixels_survives():
    secret = b"<script>alert(1)</script> GPS 55.7558"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    exif[0x0112] = 6  # turned
    tall = logo_file("JPEG", (600, 300), exif=exif)
    polyglot = logo_file() + b"PK\x03\x04" + secret + b"<?php system($_GET[0]); ?>"
    for raw in (tall, polyglot):
        drawn = logo.remade(raw)
        assert secret not in drawn and b"php" not in drawn and b"PK\x03\x04" not in drawn
        assert set(opened(drawn).info) <= {"transparency"}
    turned = opened(logo.remade(tall))
    assert turned.height > turned.width, "the turn was carried out, not kept as a note"


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (16_001, 1_000), (2**31 - 1, 2**31 - 1)])
def test_a26_a_bomb_is_refused_before_a_pixel_is_read(width, height):
    raw = bomb_file(width, height)
    assert len(raw) < 100_000
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(PortalError, match=r"logo_too_many_pixels|logo_not_a_picture"):
        logo.remade(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - began < 1
    assert peak < 5_000_000


def test_a26_a_file_that_is_too_large_is_not_opened():
    with pytest.raises(PortalError, match="logo_too_large"):
        logo.remade(logo_file() + b"\x00" * logo.MAX_UPLOAD)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GIF89a" + b"\x00" * 100,
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
        logo_file()[:200],
        b"\xff\xd8\xff\xe0" + b"\x00" * 500,
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ],
)
def test_a26_a7_what_is_no_picture_or_may_be_a_program_is_refused(raw):
    with pytest.raises(PortalError, match="logo_not_a_picture"):
        logo.remade(raw)


def test_a_picture_that_moves_stands_still():
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("#ff0000", "#0000ff")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    assert getattr(opened(logo.remade(out.getvalue())), "n_frames", 1) == 1
