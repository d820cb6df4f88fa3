"""Logos, language links and spans on guest pages."""

import base64
from dataclasses import dataclass

import pytest
from flask import Flask, g
from flask_babel import Babel

from portal.web.guest.look import LOGO_BYTES, countdown, logo, other_languages, span


@dataclass
class Cafe:
    name: str = "Теремок"
    accent: str = "#8a4b2a"
    logo_svg: str = ""
    logo_png: bytes | None = None


def test_a_drawn_logo_travels_in_the_page() -> None:
    uri = logo(Cafe(logo_svg='<svg xmlns="http://www.w3.org/2000/svg"/>'))
    assert uri.startswith("data:image/svg+xml,%3Csvg")
    assert not set(uri) & set('"<>#&\\')


def test_a_picture_logo_travels_in_the_page() -> None:
    assert base64.b64decode(logo(Cafe(logo_png=b"\x89PNG")).split(",")[1]) == b"\x89PNG"


@pytest.mark.parametrize("cafe", [Cafe(), Cafe(logo_svg="x" * (LOGO_BYTES + 1)), Cafe(logo_png=b"x" * (LOGO_BYTES + 1))])
def test_without_a_small_logo_there_is_none(cafe: Cafe) -> None:
    assert logo(cafe) == ""


def test_the_other_language_keeps_what_the_gateway_said() -> None:
    with Flask("test").test_request_context("/wifi/кафе?mac=aa&lang=ru&mac=bb&x=%26"):
        g.language = "ru"
        assert other_languages() == [
            ("en", "English", "/wifi/%D0%BA%D0%B0%D1%84%D0%B5?mac=aa&mac=bb&x=%26&lang=en")
        ]  # fmt: skip


def test_the_answer_to_a_form_offers_no_language_link() -> None:
    with Flask("test").test_request_context("/signup", method="POST"):
        assert other_languages() == []


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "1 min"), (61, "1 min"), (3599, "59 min"), (3600, "1 h"), (14399, "3 h 59 min"), (90000, "25 h")]
)
def test_a_span_is_said_in_hours_and_minutes(seconds: int, shown: str) -> None:
    app = Flask("test")
    Babel(app, default_locale="en")
    with app.test_request_context():
        assert span(seconds) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(65, "1:05"), (59.9, "0:59"), (-3, "0:00"), (600, "10:00")])
def test_a_wait_is_shown_as_on_a_stopwatch(seconds: float, shown: str) -> None:
    assert countdown(seconds) == shown
