"""Short ways to documents and consents, for tests."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.consent import documents, records
from portal.consent.models import KIND_OF_PURPOSE
from portal.consent.records import Box, Evidence
from portal.core.config import Settings
from portal.core.phone import Phone, phone_from_e164
from portal.venues import directory
from tests.support.house import NOW, House

GUEST = phone_from_e164("+79031234567")
OTHER = phone_from_e164("+79161112233")
BROWSER = "Mozilla/5.0 (Linux; Android 14) Chrome/131"


def publish_all(session: Session, house: House, settings: Settings, now: datetime = NOW) -> None:
    """Every text of the house in force."""
    venue = directory.venue_by_id(session, house.venue_id)
    for document in documents.draft_all(session, venue, venue.legal_entity, now, settings):
        documents.publish(session, document, now)


def box(session: Session, house: House, purpose: str, language: str = "ru") -> Box:
    """A ticked box with the text in force."""
    document = documents.published(session, house.venue_id, KIND_OF_PURPOSE[purpose], language)
    assert document is not None
    return Box(purpose, document.id, f"signup:box:{purpose}")


def declare(
    session: Session, settings: Settings, house: House, verification_id: int, *purposes: str,
    phone: Phone = GUEST, now: datetime = NOW,
) -> None:  # fmt: skip
    """Tick boxes on a form."""
    venue = directory.venue_by_id(session, house.venue_id)
    records.declare(
        session, settings.keys, venue, [box(session, house, purpose) for purpose in purposes],
        verification_id=verification_id, visit_id="v" * 22, language="ru",
        evidence=Evidence(phone, "203.0.113.7", BROWSER, "aabbccddeeff"), now=now,
    )  # fmt: skip


def give(session: Session, number: int, at: datetime = NOW) -> tuple[str, ...]:
    """The code of verification `number` came."""
    rows = session.execute(records.of_verification(number)).mappings().all()
    return records.give(session, records.still_declared(rows), "sms", at)
