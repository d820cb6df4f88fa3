"""Documents as HTML: nothing gets in, and nothing of the text gets lost."""

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from portal.consent import markup


def text_of(html: str) -> str:
    """What a reader sees: the characters outside tags."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_title_headings_paragraphs_and_lists() -> None:
    body = "Заголовок\n\n1. Раздел\n\nАбзац.\n\nДанные:\n• номер;\n• имя.\n\n2. Это уже предложение, а не раздел."
    assert markup.to_html(body) == (
        "<h1>Заголовок</h1>\n\n<h2>1. Раздел</h2>\n\n<p>Абзац.</p>\n\n<p>Данные:</p>\n<ul><li>• номер;</li>\n<li>• имя.</li></ul>"
        "\n\n<p>2. Это уже предложение, а не раздел.</p>"
    )


def test_html_of_an_owner_stays_text() -> None:
    html = markup.to_html("<b>T</b>\n\n<script>alert(1)</script>\n\n• <img src=x onerror=alert(1)> {{ 7*7 }} {% x %} \"'")
    assert "<script" not in html
    assert "<img" not in html
    assert "{{ 7*7 }}" in html


@given(st.text(alphabet=st.sampled_from("абв<>&\"'{}%• \n\r\t1.2:;\u202e\u200b\x00é"), min_size=1, max_size=200))
def test_the_text_of_the_page_is_the_body_byte_for_byte(typed: str) -> None:
    body = markup.clean(typed)
    assert text_of(markup.to_html(body)) == body
    assert markup.clean(body) == body


def test_direction_marks_and_control_characters_are_taken_out() -> None:
    assert markup.clean("a\u202eb\u200bc\x00d\r\n\r\n\r\n\r\ne  \n") == "abcd\n\ne"
