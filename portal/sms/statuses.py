"""The life of a message: which status may follow which. It never goes back."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.sms.models import SmsMessage

MOVES: dict[str, frozenset[str]] = {
    "queued": frozenset({"sending", "expired"}),
    "sending": frozenset({"sent", "failed", "unknown", "expired"}),
    # Sent again only after the carrier has said that it has no such message.
    "unknown": frozenset({"sent", "failed", "sending", "expired"}),
    "sent": frozenset({"delivered", "failed"}),
}
FINAL = frozenset({"delivered", "failed", "expired"})

StatusHook = Callable[[Session, SmsMessage, datetime], None]
PriceHook = Callable[[Session, SmsMessage, int], None]  # by how many kopecks what the carrier billed has changed


def move(session: Session, message: SmsMessage, status: str, now: datetime, on_status: StatusHook) -> bool:
    """Take one step forward and tell `on_status`; False when the step is not allowed. Delivered passes through sent."""
    if status == "delivered" and message.status in ("sending", "unknown"):
        move(session, message, "sent", now, on_status)
    if status not in MOVES.get(message.status, ()):
        return False
    message.status = status
    if status == "sent":
        message.sent_at = now
    if status == "delivered":
        message.delivered_at = now
    if status in FINAL:
        message.final_at, message.look_at = now, None
    on_status(session, message, now)
    return True
