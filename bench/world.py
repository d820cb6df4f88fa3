"""Fifty cafés of fifty legal entities, live, with every document published: no single row that all guests queue for."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.acquisition.entry import new_entry, seal_entry
from portal.consent import documents
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.migrations import migrate
from portal.venues import setup

VENUES = 50
_CODES = ("903", "905", "906", "909", "916", "917", "925", "926", "963", "985")
_serial = itertools.count()


@dataclass(frozen=True)
class Place:
    """What a guest of one café sends."""

    venue_id: int
    source_id: int
    source_code: str
    card_document_id: int
    gateway_id: int


@dataclass(frozen=True)
class Guest:
    """One signup to be: a phone nobody had, an address and a device of its own."""

    place: Place
    phone: str
    headers: dict[str, str]

    def visit(self, settings: Settings, entry: str = "qr") -> str:
        """A fresh visit's token, as the landing page would hold it."""
        now = utcnow()
        arrival = {"mac": secrets.token_hex(6), "gateway_id": self.place.gateway_id} if entry == "wifi" else None
        source = self.place.source_id
        return seal_entry(settings.keys, new_entry(self.place.venue_id, source, entry, "ru", now, arrival=arrival), now)


def build(settings: Settings) -> tuple[Database, list[Place]]:
    """A migrated database with the cafés in it."""
    database = Database(settings.url_of_database)
    migrate(database.engine)
    now = utcnow()
    with database.writing() as session:
        organization = setup.create_organization(session, "Bench", now)
        return database, [_place(session, settings, organization, number, now) for number in range(VENUES)]


def guests(places: list[Place], count: int) -> Iterator[Guest]:
    """`count` new guests, spread over cafés, phone blocks and addresses as a city's are."""
    for _ in range(count):
        number = next(_serial)
        block = number // len(_CODES)
        phone = f"+7{_CODES[number % len(_CODES)]}{block % 1000:03d}{block // 1000:04d}"
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        headers = {"X_Forwarded_For": address, "Cookie": f"device={secrets.token_urlsafe(16)}"}
        yield Guest(places[number % len(places)], phone, headers)


def _place(session: Session, settings: Settings, organization: setup.Organization, number: int, now: datetime) -> Place:
    entity = setup.create_legal_entity(
        session, organization, now, name=f"ООО «Кафе {number}»", inn="7701234567", ogrn="1027700132195",
        address="Москва, Тверская, 1", contact_email="privacy@cafe.example", rkn_notification="77-22-000001",
        processors="ООО «СМС АЭРО», Москва\nООО «Хостинг», Москва",
    )  # fmt: skip
    venue = setup.create_venue(
        session, entity, f"cafe-{number}", f"Кафе {number}", "Europe/Moscow", now, city="Москва", live=True,
        address="Тверская, 1", offer_ru="Карта гостя: −10 % с первого визита",
        offer_en="Guest card: 10% off from the first visit",
        sms_per_minute_qr=10**6, sms_per_minute_wifi=10**6, sms_day_kopecks_qr=10**12, sms_day_kopecks_wifi=10**12,
    )  # fmt: skip
    for document in documents.draft_all(session, venue, entity, now, settings):
        documents.publish(session, document, now)
    gateway = setup.add_gateway(session, venue, "simulator", "http://127.0.0.1:21899", now)
    setup.add_nas(session, venue, f"nas-{number}", "127.0.0.1", now, gateway.id)
    card = documents.published(session, venue.id, "card_consent", "ru")
    assert card is not None
    source = sources.create(session, venue, "table_tent", f"Стол {number}", now)
    return Place(venue.id, source.id, source.code, card.id, gateway.id)
