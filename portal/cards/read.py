"""Find a card by its link or its guest. A retired card is nobody's."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.cards.models import Card
from portal.core.glances import Reader
from portal.core.statements import Statement

_TOUCH_EVERY = timedelta(days=1)  # the term is counted in months: a write per glance would say nothing more


_BY_TOKEN = select(Card).where(Card.token == bindparam("token"), Card.retired_at.is_(None))
_SHOWN = Statement(
    select(Card.number, Card.venue_id).where(Card.token == bindparam("of_card"), Card.retired_at.is_(None)),
)


def shown(reader: Reader, token: str) -> Any:
    """What the page of a live card shows of it: `number` and `venue_id`; None for any other link."""
    return _SHOWN.first(reader, {"of_card": token})


def by_token(session: Session, token: str) -> Card | None:
    """The live card of a link. An unknown and a retired link give the same answer."""
    return session.scalars(_BY_TOKEN, {"token": token}).one_or_none()


def by_id(session: Session, card_id: int) -> Card | None:
    """The live card of a row that remembers it."""
    return session.scalars(select(Card).where(Card.id == card_id, Card.retired_at.is_(None))).one_or_none()


def of_guest(session: Session, guest_id: int) -> Card | None:
    """The live card of a guest; there is at most one."""
    return session.scalars(select(Card).where(Card.guest_id == guest_id, Card.retired_at.is_(None))).one_or_none()


def touch(card: Card, now: datetime) -> None:
    """The card was shown: its year of silence begins anew."""
    if now - card.used_at >= _TOUCH_EVERY:
        card.used_at = now
