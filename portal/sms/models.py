"""The outbox of SMS. The text is never stored: it is composed when the message leaves."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

STATUSES = ("queued", "sending", "sent", "delivered", "failed", "unknown", "expired")


class SmsMessage(Base):
    """One message to one number, committed together with what it is about. Its status only moves forward."""

    __tablename__ = "sms_message"
    __table_args__ = (Index(None, "status", "queued_at"), Index(None, "venue_id", "path", "queued_at"))
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    verification_id: Mapped[int] = mapped_column(ForeignKey("phone_verification.id"), index=True)
    reference: Mapped[str] = mapped_column(String(22), unique=True)
    path: Mapped[str] = mapped_column(String(8))  # wifi | qr | me
    phone: Mapped[str | None] = mapped_column(String(16))  # emptied by retention
    language: Mapped[str] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(10), default="queued")
    error: Mapped[str | None] = mapped_column(String(40))
    parts: Mapped[int] = mapped_column(default=1)
    cost_kopecks: Mapped[int] = mapped_column(default=0)
    provider: Mapped[str | None] = mapped_column(String(20))
    provider_id: Mapped[str | None] = mapped_column(String(40), index=True)
    callback_hash: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the secret in the callback's path
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    not_after: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
