"""What became of the messages to a number, for staff at the table: state and times, nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.sms.models import SmsMessage

DEPTH = timedelta(days=2)


def latest_to(session: Session, e164: str, venue_ids: Sequence[int], now: datetime, limit: int = 10) -> list[SmsMessage]:
    """The newest messages of the last two days to a number, at these venues only."""
    query = select(SmsMessage).where(
        SmsMessage.phone == e164, SmsMessage.venue_id.in_(venue_ids), SmsMessage.queued_at > now - DEPTH
    )
    return list(session.scalars(query.order_by(SmsMessage.queued_at.desc(), SmsMessage.id.desc()).limit(limit)))
