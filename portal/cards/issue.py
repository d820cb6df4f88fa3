"""Give a guest the card: the same one as before, or a new one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.cards.models import Card
from portal.cards.numbers import new_number
from portal.core.clock import months_before
from portal.core.config import Settings
from portal.core.errors import PortalError
from portal.core.statements import Ask, Statement
from portal.core.tokens import random_id
from portal.venues.models import LegalEntity, Place, Venue

_TRIES = 20


class NoCardNumber(PortalError):
    """`card_range_full`: no free number was found; widen the legal entity's range."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A guest's card as it is given out."""

    id: int
    number: str
    token: str
    is_new: bool


def issue(
    session: Session,
    guest_id: int,
    place: Venue | Place,
    visit_id: str | None,
    now: datetime,
    settings: Settings,
    *,
    is_new: bool = False,
) -> Issued:
    """The guest's card, made if there is none. Call after `find_or_make`, which holds the guest's row.

    Operators give silent numbers to other people: after `card_new_after_months` without use the old card is retired and
    a new one made. Opening the old link is use. `is_new`: the guest was made just now and can have none. Raises
    NoCardNumber, BadCardRange.
    """
    card = None if is_new else session.scalars(_LIVE, {"guest": guest_id}).one_or_none()
    if card is not None:
        if card.used_at >= months_before(now, settings.card_new_after_months):
            card.used_at = max(card.used_at, now)
            return Issued(card.id, card.number, card.token, is_new=False)
        card.retired_at = now
        session.flush()
    return _make(session, guest_id, place, visit_id, now)


def ask(legal_entity_id: int) -> Ask:
    """What `issue` will ask for a new card, to be asked ahead."""
    return _RANGE, {"entity": legal_entity_id}


def _make(session: Session, guest_id: int, place: Venue | Place, visit_id: str | None, now: datetime) -> Issued:
    statement, facts = ask(place.legal_entity_id)
    prefix, digits = statement.first(session, facts)
    values = {
        "organization_id": place.organization_id,
        "legal_entity_id": place.legal_entity_id,
        "venue_id": place.id,
        "guest_id": guest_id,
        "visit_id": visit_id,
        "token": random_id(),
        "issued_at": now,
        "used_at": now,
    }
    for _ in range(_TRIES):
        number = new_number(prefix, digits)
        made = _INSERT.first(session, {**values, "number": number})
        if made is not None:
            return Issued(made.id, number, str(values["token"]), is_new=True)
    raise NoCardNumber("card_range_full", legal_entity_id=place.legal_entity_id)


# Built once: they stand on the way of every guest. A number that another guest holds by chance is left to them.
_TABLE: Table = Card.__table__  # type: ignore[assignment]
_RANGE = Statement(select(LegalEntity.card_prefix, LegalEntity.card_digits).where(LegalEntity.id == bindparam("entity")))
_LIVE = select(Card).where(Card.guest_id == bindparam("guest"), Card.retired_at.is_(None))
_INSERT = Statement(
    {
        name: insert(_TABLE).on_conflict_do_nothing(index_elements=["legal_entity_id", "number"]).returning(_TABLE.c.id)
        for name, insert in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
    },
    "organization_id", "legal_entity_id", "venue_id", "guest_id", "visit_id", "token", "issued_at", "used_at", "number",
    apart=True,
)  # fmt: skip
