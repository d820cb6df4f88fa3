"""Everything that an operator holds of a phone: what a person is shown, and what answers a request (152-ФЗ, art. 14)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant, Identification
from portal.acquisition.models import Source, Visit
from portal.cards import read
from portal.cards.models import Card
from portal.consent import records
from portal.consent.models import ConsentOpening
from portal.consent.records import InForce
from portal.core.phone import phone_from_e164
from portal.core.tokens import Keys
from portal.guests import members
from portal.guests.models import Device, Guest
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import Venue

_LATEST = 100  # rows of a kind on a page


@dataclass(frozen=True, slots=True)
class KnownVisit:
    """One visit of a guest: when, where, by which placement."""

    arrived_at: datetime
    venue: str
    source: str | None


@dataclass(frozen=True, slots=True)
class KnownAccess:
    """One row of the Wi-Fi register: which device was let in where, and until when the row is kept."""

    proven_at: datetime
    venue: str
    mac: str | None
    ip: str | None
    kept_until: datetime
    online_until: datetime | None


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """One SMS that was sent to the number; its text is kept nowhere."""

    queued_at: datetime
    venue: str
    status: str


@dataclass(frozen=True, slots=True)
class KnownForm:
    """One form with the number; the device's mark and the gateway's values are kept with it."""

    left_at: datetime
    venue: str
    proven: bool  # by its code; one that was not goes sooner


@dataclass(frozen=True, slots=True)
class Known:
    """All of it. Empty for a phone that the operator does not know."""

    guest: Guest | None
    card: Card | None
    consents: list[InForce]
    devices: list[Device]
    visits: list[KnownVisit]
    accesses: list[KnownAccess]
    messages: list[KnownMessage]
    forms: list[KnownForm]
    evidence: list[datetime]  # when boxes were ticked: phone, address, browser and device behind the chain's commitments

    @property
    def is_guest(self) -> bool:
        """True for who gave a consent, or has a profile."""
        return self.guest is not None or bool(self.consents)

    @property
    def can_be_erased(self) -> bool:
        """True when there is something that erasure would destroy, withdraw or end."""
        return self.is_guest or bool(self.forms or self.evidence) or any(access.online_until for access in self.accesses)

    @property
    def is_empty(self) -> bool:
        """True when nothing is known but the messages that proved the phone just now."""
        return not (self.can_be_erased or self.accesses)


def known_of(session: Session, keys: Keys, legal_entity_id: int, phone: str, now: datetime) -> Known:
    """What a legal entity knows of a phone (E.164). Call only for a person who proved that number."""
    guest, person = members.by_phone(session, legal_entity_id, phone), phone_from_e164(phone)
    return Known(
        guest=guest,
        card=read.of_guest(session, guest.id) if guest else None,
        consents=records.in_force(session, keys, legal_entity_id, person),
        devices=members.devices_of(session, guest.id) if guest else [],
        visits=_visits(session, guest.id) if guest else [],
        accesses=_accesses(session, legal_entity_id, phone, now),
        messages=_messages(session, legal_entity_id, phone),
        forms=_forms(session, legal_entity_id, phone),
        evidence=_evidence(session, legal_entity_id, records.subject_of(keys, legal_entity_id, person)),
    )


def _visits(session: Session, guest_id: int) -> list[KnownVisit]:
    found = (
        select(Visit.arrived_at, Venue.name, Source.label)
        .join(Venue, Visit.venue_id == Venue.id)
        .outerjoin(Source, Visit.source_id == Source.id)
        .where(Visit.guest_id == guest_id)
        .order_by(Visit.arrived_at.desc())
        .limit(_LATEST)
    )
    return [KnownVisit(*row) for row in session.execute(found)]


def _accesses(session: Session, legal_entity_id: int, phone: str, now: datetime) -> list[KnownAccess]:
    live = (
        select(AccessGrant.expires_at)
        .where(AccessGrant.identification_id == Identification.id, AccessGrant.expires_at > now, AccessGrant.revoked_at.is_(None))
        .order_by(AccessGrant.expires_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = (Identification.proven_at, Venue.name, Identification.mac, Identification.ip, Identification.destroy_after, live)
    found = (
        select(*row)
        .join(Venue, Identification.venue_id == Venue.id)
        .where(Identification.phone == phone, Venue.legal_entity_id == legal_entity_id)
        .order_by(Identification.proven_at.desc())
        .limit(_LATEST)
    )
    return [KnownAccess(*row) for row in session.execute(found)]


def _messages(session: Session, legal_entity_id: int, phone: str) -> list[KnownMessage]:
    found = (
        select(SmsMessage.queued_at, Venue.name, SmsMessage.status)
        .join(PhoneVerification, SmsMessage.verification_id == PhoneVerification.id)
        .join(Venue, SmsMessage.venue_id == Venue.id)
        .where(PhoneVerification.phone == phone, PhoneVerification.legal_entity_id == legal_entity_id)
        .order_by(SmsMessage.queued_at.desc())
        .limit(_LATEST)
    )
    return [KnownMessage(*row) for row in session.execute(found)]


def _forms(session: Session, legal_entity_id: int, phone: str) -> list[KnownForm]:
    found = (
        select(PhoneVerification.created_at, Venue.name, PhoneVerification.consumed_at.is_not(None))
        .join(Venue, PhoneVerification.venue_id == Venue.id)
        .where(PhoneVerification.phone == phone, PhoneVerification.legal_entity_id == legal_entity_id)
        .where(PhoneVerification.path != "me")
        .order_by(PhoneVerification.created_at.desc())
        .limit(_LATEST)
    )
    return [KnownForm(*row) for row in session.execute(found)]


def _evidence(session: Session, legal_entity_id: int, subject: str) -> list[datetime]:
    mine = (ConsentOpening.legal_entity_id == legal_entity_id, ConsentOpening.subject == subject)
    found = select(ConsentOpening.created_at).where(*mine).order_by(ConsentOpening.created_at.desc())
    return list(session.scalars(found.limit(_LATEST)))
