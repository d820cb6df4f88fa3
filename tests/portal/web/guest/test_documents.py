"""A34: the text of a document's page is, byte for byte, what the record's SHA-256 was made of."""

import hashlib
import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.app import create_app
from portal.consent import documents
from portal.consent.models import DOCUMENT_KINDS, ConsentRecord
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.i18n import LANGUAGES
from portal.venues import directory
from portal.web.security import csp_hash
from tests.support.consents import declare, publish_all
from tests.support.house import NOW, House, build_house


@pytest.fixture
def client(database: Database, house: House, settings: Settings) -> FlaskClient:
    with database.writing() as session:
        publish_all(session, house, settings)
    app: Flask = create_app(settings, database, lambda _id: None, lambda: NOW)
    return app.test_client()


def shown_text(page: str) -> str:
    """The article as a browser's textContent gives it."""
    article = re.search(r"<article[^>]*>(.*?)</article>", page, re.DOTALL)
    assert article
    return unescape(re.sub(r"<[^>]*>", "", article[1]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", DOCUMENT_KINDS)
def test_the_page_shows_the_hashed_bytes(client: FlaskClient, house: House, kind: str, language: str) -> None:
    answer = client.get(f"/d/{house.venue_code}/{kind}/1/{language}")
    assert answer.status_code == 200
    printed = re.search(r'id="sha256">([0-9a-f]{64})<', answer.text)
    assert printed
    assert hashlib.sha256(shown_text(answer.text).encode()).hexdigest() == printed[1]


def test_the_record_holds_the_hash_of_the_page_that_the_guest_saw(
    client: FlaskClient, database: Database, house: House, settings: Settings
) -> None:
    page = client.get(f"/d/{house.venue_code}/card_consent?lang=ru").text
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
    with database.reading() as session:
        record = session.scalars(select(ConsentRecord)).one()
    assert record.document_sha256 == hashlib.sha256(shown_text(page).encode()).hexdigest()


def test_the_text_in_force_comes_in_the_readers_language_and_links_the_other(client: FlaskClient, house: House) -> None:
    russian = client.get(f"/d/{house.venue_code}/wifi_terms?lang=ru").text
    english = client.get(f"/d/{house.venue_code}/wifi_terms", headers={"Accept-Language": "en"}).text
    assert "<h1>Условия гостевого Wi-Fi</h1>" in russian
    assert "<h1>Guest Wi-Fi terms</h1>" in english
    assert f'href="/d/{house.venue_code}/wifi_terms?lang=en"' in russian
    assert f'href="/d/{house.venue_code}/wifi_terms?lang=ru"' in english


def test_a_superseded_version_keeps_its_page_and_says_so(client: FlaskClient, database: Database, house: House) -> None:
    with database.writing() as session:
        first = documents.published(session, house.venue_id, "card_consent", "ru")
        assert first is not None
        draft = documents.draft_from(session, first, NOW)
        documents.edit_draft(session, draft, first.body + "\n\n11. Новое\n\nЕщё абзац.")
        documents.publish(session, draft, NOW + timedelta(days=1))
    base = f"/d/{house.venue_code}/card_consent"
    old, new, standing = (client.get(url).text for url in (f"{base}/1/ru", f"{base}/2/ru", f"{base}?lang=ru"))
    assert shown_text(new) == shown_text(standing) == shown_text(old) + "\n\n11. Новое\n\nЕщё абзац."
    assert f'href="{base}?lang=ru"' in old.split("<article", maxsplit=1)[0]
    assert "Новое" not in old.split("<article", maxsplit=1)[1]
    assert f'href="{base}/1/ru"' in new
    assert f'href="{base}/2/ru"' in old


@pytest.mark.parametrize(
    "path",
    [
        "/d/nowhere/card_consent", "/d/{venue}/passwords", "/d/{venue}/card_consent/2/ru", "/d/{venue}/card_consent/1/de",
        "/d/{venue}/card_consent/0/ru", "/d/{venue}/card_consent/99999999999999999999/ru", "/d/{venue}/../card_consent",
        "/d/pyshki/card_consent", "/d/pyshki/card_consent/1/ru",
    ],
)  # fmt: skip
def test_a_draft_a_foreign_and_an_impossible_address_are_not_found(
    client: FlaskClient, database: Database, house: House, settings: Settings, path: str
) -> None:
    with database.writing() as session:
        other = directory.venue_by_id(session, build_house(session, "pyshki").venue_id)
        assert documents.draft_all(session, other, other.legal_entity, NOW, settings)
    assert client.get(path.format(venue=house.venue_code)).status_code == 404


def test_the_page_has_one_style_of_its_own_allowed_by_its_hash_and_no_script(client: FlaskClient, house: House) -> None:
    answer = client.get(f"/d/{house.venue_code}/card_consent")
    policy = answer.headers["Content-Security-Policy"]
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert len(styles) == 2
    assert all(csp_hash(unescape(style)) in policy for style in styles)
    assert "<script" not in answer.text
    assert "unsafe" not in policy
