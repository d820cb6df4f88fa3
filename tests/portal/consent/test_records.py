"""Declared, given, withdrawn: only `given` counts, and an empty box changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.consent import records
from portal.consent.models import ConsentOpening, ConsentRecord
from portal.consent.records import Box
from portal.consent.verify import verify
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.errors import PortalError
from tests.support.consents import GUEST, OTHER, box, declare, give, publish_all
from tests.support.house import NOW, House, build_house


@pytest.fixture(autouse=True)
def published(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        publish_all(session, house, settings)


def standing(database: Database, settings: Settings, house: House, phone=GUEST) -> set[str]:
    with database.reading() as session:
        return {c.purpose for c in records.in_force(session, settings.keys, house.legal_entity_id, phone)}


def events(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [
            tuple(row) for row in session.execute(select(ConsentRecord.event, ConsentRecord.purpose).order_by(ConsentRecord.seq))
        ]


def test_a_declared_consent_counts_only_after_the_phone_is_proven(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card", "advertising_sms")
    assert standing(database, settings, house) == set()
    with database.writing() as session:
        assert set(give(session, 1)) == {"card", "advertising_sms"}
    assert standing(database, settings, house) == {"card", "advertising_sms"}
    assert standing(database, settings, house, OTHER) == set()


def test_a_given_record_points_to_its_declaration_and_says_how_the_phone_was_proven(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
        give(session, 1, NOW + timedelta(minutes=1))
    with database.reading() as session:
        declared, given = session.scalars(select(ConsentRecord).order_by(ConsentRecord.seq))
    assert (given.declared_record_id, given.proof, given.event) == (declared.record_id, "sms", "given")
    assert given.document_sha256 == declared.document_sha256
    assert given.prev_hash == declared.row_hash
    assert given.at == NOW + timedelta(minutes=1)


def test_another_verification_gives_nothing_of_this_one(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
        assert give(session, 2) == ()
    assert events(database) == [("declared", "card")]


def test_giving_twice_gives_once(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
        assert give(session, 1) == ("card",)
        assert give(session, 1) == ()
    assert events(database) == [("declared", "card"), ("given", "card")]


def test_no_boxes_write_nothing_and_end_no_earlier_consent(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "advertising_sms")
        give(session, 1)
    with database.writing() as session:
        declare(session, settings, house, 2)
        assert give(session, 2) == ()
    assert len(events(database)) == 2
    assert standing(database, settings, house) == {"advertising_sms"}


def test_withdrawal_ends_one_consent_and_a_second_one_finds_nothing(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card", "advertising_sms")
        give(session, 1)
    here = (settings.keys, house.legal_entity_id, GUEST, "advertising_sms", "me:withdraw", NOW)
    with database.writing() as session:
        assert records.withdraw(session, *here) is True
        assert records.withdraw(session, *here) is False
    assert standing(database, settings, house) == {"card"}
    with database.writing() as session:
        declare(session, settings, house, 2, "advertising_sms")
        give(session, 2)
    assert standing(database, settings, house) == {"card", "advertising_sms"}


def test_withdrawing_what_was_never_given_writes_nothing(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card")
        assert not records.withdraw(session, settings.keys, house.legal_entity_id, GUEST, "card", "me:withdraw", NOW)
    assert events(database) == [("declared", "card")]


def test_a_record_holds_no_personal_value_and_one_opening_serves_the_whole_act(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        declare(session, settings, house, 1, "card", "advertising_sms")
        give(session, 1)
    with database.reading() as session:
        rows = session.scalars(select(ConsentRecord)).all()
        opening = session.scalars(select(ConsentOpening)).one()
    written = " ".join(str({c.name: getattr(row, c.name) for c in row.__table__.c}) for row in rows)
    for value in (GUEST.e164, GUEST.e164[1:], "203.0.113.7", "Mozilla", "aabbccddeeff"):
        assert value not in written
    assert {row.opening_id for row in rows} == {opening.opening_id}
    assert opening.opening["phone"]["value"] == GUEST.e164


def test_the_same_number_has_another_pseudonym_with_another_legal_entity(settings: Settings) -> None:
    assert records.subject_of(settings.keys, 1, GUEST) != records.subject_of(settings.keys, 2, GUEST)
    assert records.subject_of(settings.keys, 1, GUEST) == records.subject_of(settings.keys, 1, GUEST)


def test_a_document_of_another_venue_of_another_purpose_or_still_a_draft_is_refused(
    database: Database, house: House, settings: Settings
) -> None:
    with database.writing() as session:
        other = build_house(session, "pyshki")
        publish_all(session, other, settings)
        foreign = box(session, other, "card")
        card = box(session, house, "card")
        for wrong in (foreign, Box("advertising_sms", card.document_id, "x"), Box("card", 10**6, "x")):
            with pytest.raises(PortalError, match="wrong_document"):
                _declare_boxes(session, settings, house, [wrong])
    assert events(database) == []


def test_no_box_can_be_ticked_in_advance_or_confirm_two_documents(database: Database, house: House, settings: Settings) -> None:
    assert [field.name for field in fields(Box)] == ["purpose", "document_id", "control"]
    with database.writing() as session:
        card, sms = box(session, house, "card"), box(session, house, "advertising_sms")
        for merged in (
            [card, Box("advertising_sms", sms.document_id, card.control)],
            [card, Box("advertising_sms", card.document_id, "signup:box:advertising_sms")],
            [card, Box("card", sms.document_id, "signup:box:other")],
        ):
            with pytest.raises(PortalError, match="merged_boxes"):
                _declare_boxes(session, settings, house, merged)


def test_thirty_declarations_at_once_leave_one_unbroken_chain(database: Database, house: House, settings: Settings) -> None:
    def one(number: int) -> None:
        with database.writing() as session:
            declare(session, settings, house, number, "card", "advertising_sms")
        with database.writing() as session:
            assert len(give(session, number)) == 2

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(one, range(1, 31)))
    with database.reading() as session:
        seqs = session.scalars(select(ConsentRecord.seq).order_by(ConsentRecord.seq)).all()
        assert session.scalar(select(func.count()).select_from(ConsentOpening)) == 30
        verdict = verify(session, house.legal_entity_id, [], None)
    assert list(seqs) == list(range(1, 121))
    assert verdict.findings == ()


def test_two_legal_entities_have_chains_of_their_own(database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        other = build_house(session, "pyshki")
        publish_all(session, other, settings)
        declare(session, settings, house, 1, "card")
        declare(session, settings, other, 2, "card")
    with database.reading() as session:
        assert session.scalars(select(ConsentRecord.seq)).all() == [1, 1]


def _declare_boxes(session, settings: Settings, house: House, boxes: list[Box]) -> None:
    from portal.consent.records import Evidence
    from portal.venues import directory

    records.declare(
        session, settings.keys, directory.venue_by_id(session, house.venue_id), boxes, verification_id=1, visit_id="v",
        language="ru", evidence=Evidence(GUEST, "203.0.113.7", "b", None), now=NOW,
    )  # fmt: skip
