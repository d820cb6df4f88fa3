"""One part, the code first, and what goes when there is no room."""

import pytest

from portal.core import i18n
from portal.sms import texts

HOST = "wifi.example.ru"
LINK = f"https://{HOST}/l/abcdefghij"


# The catalogue is compiled at build time; here the three phrases are enough.
PHRASES = {
    "Code %(code)s.": "Код %(code)s.",
    "Code %(code)s. Tell nobody.": "Код %(code)s. Никому не сообщайте.",
    "Card: %(link)s": "Карта: %(link)s",
}


class Russian(i18n.NullTranslations):
    def gettext(self, message: str) -> str:
        return PHRASES.get(message, message)


@pytest.fixture(autouse=True)
def russian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "translations", lambda language: Russian() if language == "ru" else i18n.NullTranslations())


@pytest.mark.parametrize(
    ("text", "encoding", "length", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1), ("a" * 161, "GSM-7", 161, 2), ("a" * 306, "GSM-7", 306, 2), ("a" * 307, "GSM-7", 307, 3),
        ("я" * 70, "UCS-2", 70, 1), ("я" * 71, "UCS-2", 71, 2), ("я" * 134, "UCS-2", 134, 2), ("я" * 135, "UCS-2", 135, 3),
        ("[" * 80, "GSM-7", 160, 1), ("[" * 81, "GSM-7", 162, 2), ("😀" * 35, "UCS-2", 70, 1), ("😀" * 36, "UCS-2", 72, 2),
        ("@#_\n€", "GSM-7", 6, 1), ("—", "UCS-2", 1, 1),
    ],
)  # fmt: skip
def test_a_text_is_counted_as_networks_count(text: str, encoding: str, length: int, parts: int) -> None:
    measured = texts.measure(text)
    assert (measured.encoding, measured.length, measured.parts) == (encoding, length, parts)


def test_without_a_link_there_is_room_for_the_warning_and_the_browsers_line() -> None:
    sms = texts.compose("ru", code="012345", host=HOST)
    assert sms.text == "Код 012345. Никому не сообщайте.\n@wifi.example.ru #012345"
    assert sms.parts == 1 and sms.encoding == "UCS-2"


def test_with_a_link_the_warning_goes_first() -> None:
    sms = texts.compose("ru", code="012345", host=HOST, card_link=LINK)
    assert sms.text == "Код 012345.\nwifi.example.ru/l/abcdefghij\n@wifi.example.ru #012345"


def test_a_long_host_loses_the_link_before_the_browsers_line() -> None:
    host = "guests.wifi.example.org"
    sms = texts.compose("ru", code="012345", host=host, card_link=f"https://{host}/l/abcdefghij")
    assert sms.text == f"Код 012345. Никому не сообщайте.\n@{host} #012345"


def test_in_latin_all_of_it_fits() -> None:
    sms = texts.compose("en", code="012345", host=HOST, card_link=LINK)
    assert sms.text == f"Code 012345. Tell nobody.\nCard: {LINK}\n@{HOST} #012345"
    assert sms.encoding == "GSM-7"


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("length", [1, 10, 25, 40, 60, 120, 200])
@pytest.mark.parametrize("with_link", [True, False])
def test_every_host_leaves_one_part_with_the_code_first(language: str, length: int, with_link: bool) -> None:
    host = "h" * length
    sms = texts.compose(language, code="987654", host=host, card_link=f"https://{host}/l/abcdefghij" if with_link else None)
    assert sms.parts == 1
    assert "987654" in sms.text.splitlines()[0]


def test_the_browsers_line_is_last_and_names_no_port() -> None:
    sms = texts.compose("en", code="987654", host="127.0.0.1:8000", card_link="http://127.0.0.1:8000/l/abcdefghij")
    assert sms.text.splitlines()[-1] == "@127.0.0.1 #987654"


def test_a_text_does_not_show_its_code_when_printed() -> None:
    assert "987654" not in repr(texts.compose("en", code="987654", host=HOST))


def test_the_settings_page_counts_both_templates() -> None:
    code, card = texts.preview("ru", f"https://{HOST}")
    assert (code.template, code.has_warning, code.has_link, code.has_origin) == ("code", True, False, True)
    assert (card.template, card.has_warning, card.has_link, card.has_origin) == ("card", False, True, True)
    assert card.sms.length <= card.sms.limit == 70


def test_the_settings_page_shows_links_as_they_are_sent() -> None:
    assert "Card: http://127.0.0.1:8000/l/" in texts.preview("en", "http://127.0.0.1:8000")[1].sms.text


def test_whether_the_link_fits_is_told_as_messages_are_made() -> None:
    for length in range(1, 120):
        host = "h" * length
        for language in ("ru", "en"):
            sms = texts.compose(language, code="987654", host=host, card_link=f"https://{host}/l/abcdefghij")
            assert texts.fits_link(language, f"https://{host}") is ("abcdefghij" in sms.text)
