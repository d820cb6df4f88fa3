"""Find or make the guest of a proven phone. One statement on both databases, so that a hundred forms make one row."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.core.phone import Phone
from portal.core.statements import Ask, Statement
from portal.core.tokens import random_id
from portal.guests.models import Device, Guest
from portal.venues.models import FIELD_NAMES, Place, Venue


def wanted(
    venue: Venue | Place,
    phone: Phone,
    *,
    first_source_id: int | None,
    language: str,
    answers: Mapping[str, Any],
    now: datetime,
) -> Ask:
    """The guest of this phone within the venue's legal entity, for `find_or_make`; may be asked ahead.

    A returning guest keeps the source of the first visit. `answers` (of FIELD_NAMES; a birthday is a date or its ISO
    text) fill or change the profile; an empty answer changes nothing. Raises ValueError for a birthday in another form.
    """
    return _FIND_OR_MAKE, {
        "organization_id": venue.organization_id,
        "legal_entity_id": venue.legal_entity_id,
        "public_id": random_id(),
        "phone": phone.e164,
        "first_source_id": first_source_id,
        "language": language,
        "created_at": now,
        "last_seen_at": now,
        **_profile(answers),
    }


def find_or_make(session: Session, guest: Ask) -> tuple[Any, bool]:
    """The guest that is `wanted` (a row to read, with Guest's columns), and whether it was made just now."""
    statement, facts = guest
    row = statement.first(session, facts)
    return row, row.public_id == facts["public_id"]


def touch_device(session: Session, guest: Any, device_hash: str, family: str, now: datetime) -> None:
    """Remember that the guest used this device (keyed hash of its MAC or of its cookie)."""
    facts = {"device_hash": device_hash, "family": family, "first_seen_at": now, "last_seen_at": now}
    of_guest = {"organization_id": guest.organization_id, "guest_id": guest.id}
    _TOUCH.write(session, {**facts, **of_guest})


def devices_of(session: Session, guest_id: int) -> list[Device]:
    """Devices that a guest used, the latest first."""
    return list(session.scalars(select(Device).where(Device.guest_id == guest_id).order_by(Device.last_seen_at.desc())))


def forget_device(session: Session, guest_id: int, device_hash: str) -> bool:
    """Forget one device of a guest; False if it was not known."""
    if "\0" in device_hash:  # PostgreSQL would refuse the query
        return False
    mine = delete(Device).where(Device.guest_id == guest_id, Device.device_hash == device_hash)
    return bool(session.execute(mine).rowcount)  # type: ignore[attr-defined]


def by_phone(session: Session, legal_entity_id: int, phone: str) -> Guest | None:
    """The guest of a phone (E.164) within a legal entity."""
    return session.scalars(select(Guest).where(Guest.legal_entity_id == legal_entity_id, Guest.phone == phone)).one_or_none()


def _profile(answers: Mapping[str, Any]) -> dict[str, Any]:
    profile = {name: answers.get(name) or None for name in FIELD_NAMES}
    if isinstance(profile["birthday"], str):
        profile["birthday"] = date.fromisoformat(profile["birthday"])
    return profile


_TABLE, _DEVICE = cast(Table, Guest.__table__), cast(Table, Device.__table__)


def _find_or_make(insert: Any) -> Any:
    made = insert(_TABLE)
    changed = {name: func.coalesce(made.excluded[name], _TABLE.c[name]) for name in FIELD_NAMES}
    seen = {"language": made.excluded.language, "last_seen_at": made.excluded.last_seen_at}
    return made.on_conflict_do_update(index_elements=["legal_entity_id", "phone"], set_={**seen, **changed}).returning(*_TABLE.c)


def _touch(insert: Any) -> Any:
    made = insert(_DEVICE)
    family = func.coalesce(func.nullif(made.excluded.family, ""), _DEVICE.c.family)
    seen = {"family": family, "last_seen_at": made.excluded.last_seen_at}
    return made.on_conflict_do_update(index_elements=["guest_id", "device_hash"], set_=seen)


# Built once: they stand on the way of every guest.
_INSERTS = {"sqlite": sqlite_insert, "postgresql": pg_insert}
_FIND_OR_MAKE = Statement(
    {name: _find_or_make(insert) for name, insert in _INSERTS.items()},
    *(column.name for column in _TABLE.c if column.name != "id"), apart=True,
)  # fmt: skip
_TOUCH = Statement(
    {name: _touch(insert) for name, insert in _INSERTS.items()},
    *(column.name for column in _DEVICE.c if column.name != "id"),
)
