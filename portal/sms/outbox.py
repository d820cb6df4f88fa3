"""Messages waiting to leave. A row is committed together with what it is about; the worker takes it from there."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from portal.core.numbers import next_numbers
from portal.core.statements import Statement
from portal.core.tokens import random_id
from portal.sms.models import SmsMessage

# A message that nobody took by then was lost between the commit and the queue; the sweep sends it.
TAKEN_WITHIN = timedelta(seconds=1.5)
SWEEP_LEASE = timedelta(seconds=15)
SWEEP_ROWS = 200
_TABLE = cast(Table, SmsMessage.__table__)
_NUMBER = next_numbers(_TABLE)
_QUEUE = Statement(
    insert(_TABLE),
    "id", "organization_id", "venue_id", "verification_id", "reference", "path", "phone", "language", "not_after", "queued_at",
    "look_at",
)  # fmt: skip


def queue(
    session: Session,
    *,
    organization_id: int,
    venue_id: int,
    verification_id: int,
    path: str,
    phone: str,
    language: str,
    not_after: datetime,
    now: datetime,
    number: int | None = None,
) -> int:
    """Write a message to an E.164 number; it leaves after the commit, or never once `not_after` has passed.

    Returns its id, which is `number` when the caller has drawn one.
    """
    if number is None:
        number = int(_NUMBER.first(session, {}).sms_message)
    facts = {
        "id": number,
        "organization_id": organization_id,
        "venue_id": venue_id,
        "verification_id": verification_id,
        "reference": random_id(),
        "path": path,
        "phone": phone,
        "language": language,
        "not_after": not_after,
        "queued_at": now,
        "look_at": now + TAKEN_WITHIN,
    }
    _QUEUE.write(session, facts)
    return number


def is_due(session: Session, now: datetime) -> bool:
    """Whether the sweep has anything to look at; writes nothing."""
    return session.scalar(select(SmsMessage.id).where(SmsMessage.look_at <= now).limit(1)) is not None


def take_due(session: Session, now: datetime) -> list[int]:
    """Ids of messages to look at, put off so that the next sweep leaves them to whoever takes these."""
    due = session.scalars(
        select(SmsMessage).where(SmsMessage.look_at <= now).order_by(SmsMessage.look_at).limit(SWEEP_ROWS)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    for message in due:
        message.look_at = now + SWEEP_LEASE
    return [message.id for message in due]
