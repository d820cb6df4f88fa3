"""A person who went the whole way for real: form, code, consent, card, internet."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.entry import new_entry
from portal.acquisition.visits import Client
from portal.cards import read
from portal.consent import documents
from portal.consent.records import Box
from portal.core.config import Settings
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.guests import members
from portal.signup.allowance import Refused
from portal.signup.codes import code_for
from portal.signup.completion import Completed, complete
from portal.signup.lookup import Ticket
from portal.signup.models import PhoneVerification
from portal.signup.registration import Form, register
from portal.venues import directory
from tests.support.house import House

ANNA, BORIS = Phone("+79161234567"), Phone("+79167654321")
KINDS = {"card": "card_consent", "advertising_sms": "advertising_sms", "wifi_terms": "wifi_terms"}


@dataclass(frozen=True)
class Person:
    """What came of it."""

    phone: Phone
    verification_id: int
    visit_id: str
    guest_id: int | None
    card_token: str | None


def publish(session: Session, settings: Settings, house: House, now: datetime) -> None:
    """Every document of the house in both languages."""
    venue = directory.venue_by_id(session, house.venue_id)
    for document in documents.draft_all(session, venue, venue.legal_entity, now, settings):
        documents.publish(session, document, now)


def leave_phone(
    session: Session,
    settings: Settings,
    house: House,
    phone: Phone,
    now: datetime,
    *,
    mac: str,
    purposes: tuple[str, ...],
    language: str = "ru",
) -> PhoneVerification:
    """The form was sent from the Wi-Fi; no code yet."""
    venue = directory.venue_by_id(session, house.venue_id)
    arrival = {"mac": Mac(mac).hex, "ip": "10.1.0.7", "gateway_id": house.gateway_id}
    entry = new_entry(venue.id, house.source_id, "wifi", language, now, arrival=arrival)
    client = Client("203.0.113.7", "Mozilla/5.0 (Linux; Android 15)", settings.keys.keyed_hash("mac", mac), "android", None)
    form = Form(phone, language, tuple(_box(session, venue.id, p, language) for p in purposes), {"name": "Анна"})
    started = register(session, settings, venue, entry, client, form, now)
    assert not isinstance(started, Refused), started
    return session.scalars(select(PhoneVerification).where(PhoneVerification.public_id == started.public_id)).one()


def sign_up(
    session: Session,
    settings: Settings,
    house: House,
    phone: Phone,
    now: datetime,
    *,
    mac: str = "020000000001",
    purposes: tuple[str, ...] = ("card",),
) -> Person:
    """Form and right code."""
    row = leave_phone(session, settings, house, phone, now, mac=mac, purposes=purposes)
    done = complete(session, settings, Ticket(row.public_id, False), code_for(settings.keys, row.nonce, phone.e164), now)
    assert isinstance(done, Completed)
    guest = members.by_phone(session, house.legal_entity_id, phone.e164)
    card = read.of_guest(session, guest.id) if guest else None
    return Person(phone, row.id, row.visit_id, guest.id if guest else None, card.token if card else None)


def _box(session: Session, venue_id: int, purpose: str, language: str) -> Box:
    document = documents.published(session, venue_id, KINDS[purpose], language)
    assert document is not None
    return Box(purpose, document.id, f"signup:box:{purpose}")
