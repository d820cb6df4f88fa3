"""Delivery receipts. The secret in the callback's path is all that vouches for one, so it may only say "delivered"."""

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.tokens import sha256_hex
from portal.sms.models import SmsMessage
from portal.sms.statuses import FINAL, StatusHook, move

DELIVERED = 1


def apply(session: Session, secret: str, provider_id: str, status: int, now: datetime, on_status: StatusHook) -> str:
    """Take one receipt in; returns what it was, for counting: delivered, repeated, other, unknown or foreign.

    It may come before the send call has answered; then it brings the id. The comparison does the same work whether the
    message is known or not.
    """
    digest = sha256_hex(secret.encode())
    message = session.scalar(select(SmsMessage).where(SmsMessage.callback_hash == digest).with_for_update())
    is_ours = hmac.compare_digest(digest, (message.callback_hash if message else None) or "0" * 64)
    if message is None or not is_ours:
        return "unknown"
    if message.provider_id not in (None, provider_id):
        return "foreign"
    if status != DELIVERED:
        return "other"
    if message.status in FINAL:
        return "repeated"
    message.provider_id = provider_id
    return "delivered" if move(session, message, "delivered", now, on_status) else "other"
