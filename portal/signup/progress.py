"""Where the newest SMS of a verification is, as the guest's page puts it."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.core.statements import Statement
from portal.sms.models import SmsMessage

LATE_AFTER = timedelta(seconds=45)
_WORDS = {
    "queued": "queued", "sending": "queued", "sent": "sent", "unknown": "late", "delivered": "delivered",
    "failed": "failed", "expired": "failed",
}  # fmt: skip


def sms_state(session: Session, verification_id: int, now: datetime) -> str:
    """queued, sent, delivered, failed, or late: not known to be delivered after 45 seconds."""
    found = _NEWEST.first(session, {"verification": verification_id})
    if found is None:
        return "late"
    word = _WORDS[found.status]
    return "late" if word in ("queued", "sent") and now - found.queued_at > LATE_AFTER else word


_NEWEST = Statement(
    select(SmsMessage.status, SmsMessage.queued_at)
    .where(SmsMessage.verification_id == bindparam("verification"))
    .order_by(SmsMessage.id.desc())
    .limit(1)
)
