"""Drafts become versions, versions never change, and a venue does not go live with a gap."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.consent import documents
from portal.consent.models import DOCUMENT_KINDS, ConsentDocument
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.core.tokens import sha256_hex
from portal.venues import directory
from portal.venues.models import Venue
from tests.support.consents import publish_all
from tests.support.house import NOW, House


def venue_of(session, house: House) -> Venue:
    return directory.venue_by_id(session, house.venue_id)


def test_drafts_of_every_kind_and_language_with_the_facts_of_the_venue(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        venue = venue_of(session, house)
        drafts = documents.draft_all(session, venue, venue.legal_entity, NOW, settings)
        assert {(d.kind, d.language) for d in drafts} == {(k, lang) for k in DOCUMENT_KINDS for lang in LANGUAGES}
        for draft in drafts:
            assert venue.legal_entity.name in draft.body
            assert draft.sha256 == sha256_hex(draft.body.encode())
            assert draft.title == draft.body.splitlines()[0]
        assert documents.published(session, venue.id, "card_consent", "ru") is None
        again = documents.draft_all(session, venue, venue.legal_entity, NOW, settings)
        assert {d.id for d in again} == {d.id for d in drafts}


def test_a_gap_blocks_publication_until_it_is_filled(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        venue = venue_of(session, house)
        entity = venue.legal_entity
        entity.inn = ""
        drafts = documents.draft_all(session, venue, entity, NOW, settings)
        with pytest.raises(PortalError, match="placeholders_left") as refused:
            documents.publish(session, drafts[0], NOW)
        assert refused.value.details["names"] == "inn"
        entity.inn = "7701234567"
        draft = documents.draft_all(session, venue, entity, NOW, settings)[0]
        documents.publish(session, draft, NOW)
        assert "7701234567" in draft.body


def test_obstacles_name_what_is_missing(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        venue = venue_of(session, house)
        entity = venue.legal_entity
        entity.rkn_notification, entity.contact_email, entity.processors = "", " ", ""
        obstacles = documents.obstacles_to_live(session, venue, entity)
        assert obstacles[:3] == ["rkn_notification", "placeholder:contact_email", "placeholder:processors"]
        assert set(obstacles[3:]) == {f"document:{k}:{lang}" for k in DOCUMENT_KINDS for lang in LANGUAGES}


def test_a_complete_venue_has_no_obstacle_and_a_draft_does_not_count(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        venue = venue_of(session, house)
        drafts = documents.draft_all(session, venue, venue.legal_entity, NOW, settings)
        for draft in drafts[1:]:
            documents.publish(session, draft, NOW)
        missing = f"document:{drafts[0].kind}:{drafts[0].language}"
        assert documents.obstacles_to_live(session, venue, venue.legal_entity) == [missing]
        documents.publish(session, drafts[0], NOW)
        assert documents.obstacles_to_live(session, venue, venue.legal_entity) == []


def test_the_latest_published_version_wins_in_its_own_language_and_the_earlier_one_stays(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
        first = documents.published(session, house.venue_id, "card_consent", "ru")
        assert first is not None
        draft = documents.draft_from(session, first, NOW)
        documents.edit_draft(session, draft, first.body + "\n\nЕщё абзац.\r\n")
        assert documents.published(session, house.venue_id, "card_consent", "ru") is first
        documents.publish(session, draft, NOW + timedelta(days=1))
        newest = documents.published(session, house.venue_id, "card_consent", "ru")
        english = documents.published(session, house.venue_id, "card_consent", "en")
        assert (newest, draft.version) == (draft, 2)
        assert draft.body.endswith("Ещё абзац.")
        assert draft.sha256 == sha256_hex(draft.body.encode()) != first.sha256
        assert english is not None
        assert english.version == 1
        assert documents.one_version(session, house.venue_id, "card_consent", 1, "ru") is first


def test_a_second_draft_of_the_same_text_is_the_first_one(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
        venue = venue_of(session, house)
        one = documents.published(session, venue.id, "wifi_terms", "en")
        assert one is not None
        draft = documents.draft_from(session, one, NOW)
        venue.legal_entity.name = "ООО «Новое имя»"
        anew = documents.draft_anew(session, venue, venue.legal_entity, "wifi_terms", "en", now=NOW, settings=settings)
        assert anew is draft is documents.draft_from(session, one, NOW)
        assert "Новое имя" in anew.body
        assert "Новое имя" not in one.body


def test_a_published_text_cannot_be_edited_or_published_again(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
        one = documents.published(session, house.venue_id, "card_consent", "ru")
        assert one is not None
        with pytest.raises(PortalError, match="already_published"):
            documents.edit_draft(session, one, "Другое")
        with pytest.raises(PortalError, match="already_published"):
            documents.publish(session, one, NOW)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text("UPDATE consent_document SET body = 'x' WHERE id = :id"), {"id": one.id})


@pytest.mark.parametrize(
    ("body", "code"), [(" \n ", "empty_document"), ("х" * 60_001, "document_too_long"), ("х" * 201, "title_too_long")]
)
def test_an_impossible_text_is_refused(database: Database, house: House, settings: Settings, body: str, code: str) -> None:
    with database.writing() as session:
        venue = venue_of(session, house)
        draft = documents.draft_all(session, venue, venue.legal_entity, NOW, settings)[0]
        with pytest.raises(PortalError, match=code):
            documents.edit_draft(session, draft, body)


def test_a_list_of_versions_has_the_newest_first_and_can_leave_drafts_out(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)
        one = documents.published(session, house.venue_id, "card_consent", "ru")
        assert one is not None
        documents.draft_from(session, one, NOW)
        listed = documents.list_for_venue(session, house.venue_id, kind="card_consent")
        assert [(d.language, d.version) for d in listed] == [("ru", 2), ("ru", 1), ("en", 1)]
        public = documents.list_for_venue(session, house.venue_id, kind="card_consent", drafts=False)
        assert all(isinstance(d, ConsentDocument) and d.published_at for d in public)
        assert len(public) == 2
