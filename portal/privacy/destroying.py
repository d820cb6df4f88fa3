"""Destroys personal data table by table and says what went. The caller writes that into an act in the same transaction."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, false, or_, select, update
from sqlalchemy.orm import Session

from portal.access.models import (
    AccessBlock,
    AccessGrant,
    AccountingSession,
    GatewayOrder,
    Identification,
    RememberedDevice,
    Voucher,
)
from portal.acquisition.models import Visit
from portal.cards.models import Card
from portal.consent.models import ConsentOpening, ConsentRecord
from portal.core.db import Base
from portal.guests.models import Device, Guest
from portal.privacy.acts import Destroyed
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.venues.models import FIELD_NAMES

_EMPTY_VERIFICATION: dict[str, Any] = {"phone": None, "answers": {}, "arrival": {}, "device_hash": None}


def verifications(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """The numbers, answers and addresses of verifications and of their SMS; their times and results stay for the figures."""
    messages = (SmsMessage.verification_id.in_(ids), SmsMessage.phone.is_not(None))
    return [
        *_empty(session, PhoneVerification, [PhoneVerification.id.in_(ids)], _EMPTY_VERIFICATION),
        *_empty(session, SmsMessage, messages, {"phone": None}),
    ]


def answers(session: Session, ids: Sequence[int], kept: Collection[str]) -> list[Destroyed]:
    """What was typed into the forms of verifications, but for the `kept` fields."""
    found = session.execute(select(PhoneVerification.id, PhoneVerification.answers).where(PhoneVerification.id.in_(ids)))
    gone: list[Destroyed] = []
    for number, typed in found.all():
        left = {name: said for name, said in typed.items() if name in kept or name not in FIELD_NAMES}
        if left != typed:
            gone += _empty(session, PhoneVerification, [PhoneVerification.id == number], {"answers": left})
    return gone


def profiles(session: Session, ids: Sequence[int], kept: Collection[str]) -> list[Destroyed]:
    """The fields of guests that are not `kept`."""
    names = [name for name in FIELD_NAMES if name not in kept]
    filled = or_(false(), *(getattr(Guest, name).is_not(None) for name in names))
    return _empty(session, Guest, [Guest.id.in_(ids), filled], dict.fromkeys(names)) if names else []


def declared_openings(session: Session, verification_ids: Sequence[int]) -> list[Destroyed]:
    """What stands behind consents that were declared and never given, because nobody proved the number."""
    declared = select(ConsentRecord.opening_id).where(ConsentRecord.verification_id.in_(verification_ids))
    return _delete(session, ConsentOpening, ConsentOpening.opening_id.in_(declared), ConsentOpening.opening_id)


def openings_of(
    session: Session, legal_entity_id: int, subject: str, in_force: Sequence[str] = (), waiting: Sequence[int] = ()
) -> list[Destroyed]:
    """Salts and values behind a person's consents; the chain keeps its commitments and still verifies.

    Those of the records `in_force` stay, and of what was declared with the verifications that are `waiting` for their code.
    """
    backing = or_(ConsentRecord.record_id.in_(in_force), ConsentRecord.verification_id.in_(waiting))
    mine = (ConsentOpening.legal_entity_id == legal_entity_id) & (ConsentOpening.subject == subject)
    mine &= ConsentOpening.opening_id.not_in(select(ConsentRecord.opening_id).where(backing))
    return _delete(session, ConsentOpening, mine, ConsentOpening.opening_id)


def openings(session: Session, ids: Sequence[str]) -> list[Destroyed]:
    """What stands behind consents that are no longer in force."""
    return _delete(session, ConsentOpening, ConsentOpening.opening_id.in_(ids), ConsentOpening.opening_id)


def visit_traces(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Address, user agent and device of visits: the keyed hash of a MAC would tie them together for ever."""
    return _empty(session, Visit, [Visit.id.in_(ids)], {"ip": None, "user_agent": None, "device_hash": None})


def visits_of(session: Session, guest_ids: Sequence[int], visit_ids: Sequence[str]) -> list[Destroyed]:
    """Whatever ties visits to a person; source and steps stay for the figures. `visit_ids` are public ids."""
    mine = or_(Visit.guest_id.in_(guest_ids), Visit.public_id.in_(visit_ids))
    tied = or_(*(column.is_not(None) for column in (Visit.guest_id, Visit.device_hash, Visit.ip, Visit.user_agent)))
    return _empty(session, Visit, [mine, tied], {"guest_id": None, "device_hash": None, "ip": None, "user_agent": None})


def guests(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Guests with their cards and devices. Their visits were untied before."""
    cards = list(session.scalars(select(Card.id).where(Card.guest_id.in_(ids))))
    return [
        *cards_by_id(session, cards),
        *_delete(session, Device, Device.guest_id.in_(ids), Device.id),
        *_delete(session, Guest, Guest.id.in_(ids), Guest.id),
    ]


def cards_by_id(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Cards; their links answer 404 from here on."""
    session.execute(update(PhoneVerification).where(PhoneVerification.card_id.in_(ids)).values(card_id=None))
    return _delete(session, Card, Card.id.in_(ids), Card.id)


def identifications(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Register rows with their grants and the sessions that routers accounted for them."""
    return [
        *_grants(session, AccessGrant.identification_id.in_(ids)),
        *_delete(session, Identification, Identification.id.in_(ids), Identification.id),
    ]


def vouchers(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Staff vouchers with the access that they gave."""
    return [
        *_grants(session, AccessGrant.voucher_id.in_(ids)),
        *_delete(session, Voucher, Voucher.id.in_(ids), Voucher.id),
    ]


def remembered_devices(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Devices that may come back no more."""
    return _delete(session, RememberedDevice, RememberedDevice.id.in_(ids), RememberedDevice.id)


def blocks(session: Session, mine: ColumnElement[bool]) -> list[Destroyed]:
    """Blocks that staff took back: one in force is what keeps the device out."""
    return _delete(session, AccessBlock, mine & AccessBlock.ended_at.is_not(None), AccessBlock.id)


def accounting(session: Session, ids: Sequence[int]) -> list[Destroyed]:
    """Accounted sessions that belong to no grant of ours."""
    return _delete(session, AccountingSession, AccountingSession.id.in_(ids), AccountingSession.id)


def _grants(session: Session, mine: ColumnElement[bool]) -> list[Destroyed]:
    ids = list(session.scalars(select(AccessGrant.id).where(mine)))
    return [
        *_delete(session, GatewayOrder, GatewayOrder.grant_id.in_(ids), GatewayOrder.id),
        *_delete(session, AccountingSession, AccountingSession.grant_id.in_(ids), AccountingSession.id),
        *_delete(session, AccessGrant, AccessGrant.id.in_(ids), AccessGrant.id),
    ]


def _empty(session: Session, table: type[Base], where: Sequence[ColumnElement[bool]], values: dict[str, Any]) -> list[Destroyed]:
    key = table.__table__.c.id
    statement = update(table).where(*where).values(values).returning(key)
    changed = session.scalars(statement.execution_options(synchronize_session=False))
    return [Destroyed(table.__tablename__, str(row_id), ", ".join(values)) for row_id in changed]


def _delete(session: Session, table: type[Base], where: ColumnElement[bool], key: Any) -> list[Destroyed]:
    gone = session.scalars(delete(table).where(where).returning(key).execution_options(synchronize_session=False))
    return [Destroyed(table.__tablename__, str(row_id), "row") for row_id in gone]
