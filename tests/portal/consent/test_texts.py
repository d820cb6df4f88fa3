"""Our texts: complete, filled, the same gaps in both languages, and no claim that the law obliges the café."""

import re

import pytest

from portal.consent import markup, texts
from portal.consent.models import DOCUMENT_KINDS, KIND_OF_PURPOSE
from portal.core.config import Settings
from portal.core.i18n import LANGUAGES
from portal.venues.models import IDENTIFICATION_GROUNDS, LegalEntity, Venue
from tests.conftest import make_settings

CONSENTS = ("card_consent", "advertising_sms", "advertising_email")
ENTITY = LegalEntity(
    name="ООО «Теремок»", inn="7701234567", ogrn="1027700132195", address="Москва, Тверская, 1", contact_email="p@t.example",
    rkn_notification="77-22-000001", processors="ООО «СМС АЭРО», Москва, Ленинский, 1;\nООО «Хостинг», Казань, Баумана, 2",
)  # fmt: skip
# 152-ФЗ art. 9 part 4: a word of each field that a consent has to hold.
ARTICLE_9 = {
    "ru": ["абонент номера", "ООО «Теремок»", "Москва, Тверская, 1", "Цель", "Какие данные", "СМС АЭРО», Москва, Ленинский, 1",
           "«Хостинг», Казань, Баумана, 2", "Сбор, запись", "автоматизированная", "Срок", "Как отозвать", "кодом из SMS"],
    "en": ["subscriber of the mobile", "ООО «Теремок»", "Москва, Тверская, 1", "Purpose", "Which data",
           "СМС АЭРО», Москва, Ленинский, 1", "«Хостинг», Казань, Баумана, 2", "Collection, recording", "automated", "Term",
           "How to withdraw", "code sent by SMS"],
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make_settings(tmp_path_factory.mktemp("texts"))


def venue(ground: str = "operator_subscriber") -> Venue:
    return Venue(name="Теремок", address="Москва, Арбат, 2", identification_ground=ground)


def filled(kind: str, language: str, settings: Settings, ground: str = "operator_subscriber") -> str:
    return texts.fill(texts.template(kind, language), texts.values_for(venue(ground), ENTITY, settings, language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_a_complete_venue_leaves_no_gap(kind: str, language: str, settings: Settings) -> None:
    body = filled(kind, language, settings)
    assert texts.left_empty(body) == []
    assert not re.search(r"[{}]", body)
    assert markup.clean(body) == body


@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_both_languages_have_the_same_sections_and_gaps(kind: str) -> None:
    def shape(language: str) -> tuple[list[str], list[str]]:
        text = texts.template(kind, language)
        return sorted(re.findall(r"\{(\w+)\}", text)), re.findall(r"^\d+\. ", text, re.MULTILINE)

    assert shape("ru") == shape("en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CONSENTS)
def test_a_consent_holds_every_field_of_article_9(kind: str, language: str, settings: Settings) -> None:
    body = filled(kind, language, settings)
    assert [field for field in ARTICLE_9[language] if field not in body] == []


@pytest.mark.parametrize("ground", IDENTIFICATION_GROUNDS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_no_text_says_that_the_law_obliges_the_cafe(kind: str, language: str, ground: str, settings: Settings) -> None:
    body = filled(kind, language, settings, ground)
    russian = r"обязан|по закону мы|требует закон|закон требует|по требованию закона"
    english = r"required by law|obliged|must identify|law requires|duty"
    assert not re.search(f"{russian}|{english}", body, re.IGNORECASE)


@pytest.mark.parametrize("ground", IDENTIFICATION_GROUNDS)
def test_the_ground_of_identification_is_the_venues_setting(ground: str, settings: Settings) -> None:
    for language in LANGUAGES:
        words = texts.template(f"grounds/{ground}", language)
        for kind in ("wifi_terms", "privacy_policy"):
            assert words in filled(kind, language, settings, ground)
        assert all(words != texts.template(f"grounds/{other}", language) for other in IDENTIFICATION_GROUNDS if other != ground)


@pytest.mark.parametrize(("language", "words"), [("ru", "не нужны"), ("en", "Neither a name, nor a guest card, nor consent")])
def test_the_wifi_terms_say_that_no_consent_is_needed(language: str, words: str, settings: Settings) -> None:
    assert words in filled("wifi_terms", language, settings)


@pytest.mark.parametrize("kind", CONSENTS)
def test_each_consent_says_that_wifi_works_without_it(kind: str, settings: Settings) -> None:
    assert "Wi-Fi работает" in filled(kind, "ru", settings)
    assert "Wi-Fi works" in filled(kind, "en", settings)


def test_terms_are_those_of_the_settings_with_their_grammar(settings: Settings) -> None:
    assert "хранятся 183 дня отдельно" in filled("wifi_terms", "ru", settings)
    assert "номер — 24 часа; " in filled("privacy_policy", "ru", settings)
    assert "не используется 24 месяца, согласие" in filled("card_consent", "ru", settings)
    assert "kept for 183 days, apart" in filled("wifi_terms", "en", settings)


def test_the_term_of_identification_is_counted_as_the_register_counts_it(settings: Settings) -> None:
    """From the moment of the proof, `identify`, or of the entry by right of an earlier one, `identify_again`."""
    assert "Срок: 183 дня после подтверждения номера или повторного входа" in filled("privacy_policy", "ru", settings)
    assert "Term: 183 days after the number was proven, or a remembered" in filled("privacy_policy", "en", settings)


def test_each_purpose_has_a_document_of_its_own() -> None:
    assert len(set(KIND_OF_PURPOSE.values())) == len(KIND_OF_PURPOSE)
    assert set(KIND_OF_PURPOSE.values()) <= set(DOCUMENT_KINDS)


def test_a_value_that_looks_like_a_placeholder_stays_text() -> None:
    assert texts.fill("{inn} {venue_name}", {"inn": "{venue_name}", "venue_name": "X"}) == "{venue_name} X"
    assert texts.fill("{inn}", {"inn": ""}) == "{inn}"
    assert texts.fill("{unknown} {0} {inn.x}", {"inn": "1"}) == "{unknown} {0} {inn.x}"
