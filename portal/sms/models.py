"""The outbox of SMS, and what a venue may spend on it. The text is never stored: it is composed when the message leaves."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

STATUSES = ("queued", "sending", "sent", "delivered", "failed", "unknown", "expired")


class SmsMessage(Base):
    """One message to one number, committed together with what it is about. Its status only moves forward."""

    __tablename__ = "sms_message"
    __table_args__ = (
        Index(None, "venue_id", "path", "queued_at"),
        *(Index(None, name, sqlite_where=text(f"{name} IS NOT NULL"), postgresql_where=text(f"{name} IS NOT NULL"))
          for name in ("provider_id", "callback_hash")),
    )  # fmt: skip
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
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
    provider_id: Mapped[str | None] = mapped_column(String(40))
    callback_hash: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the secret in the callback's path
    attempts: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    not_after: Mapped[datetime]
    look_at: Mapped[datetime | None] = mapped_column(index=True)  # when the sweep looks at it; NULL when nothing is left to do
    sending_at: Mapped[datetime | None]  # handed to a gate; NULL again when it is certain that nothing left
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]


class SmsBudget(Base):
    """What one path of one venue has used: roubles of its day, times of its minute, and its brake."""

    __tablename__ = "sms_budget"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(8), primary_key=True)  # wifi | qr
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    day: Mapped[date]  # in the venue's time zone
    kopecks: Mapped[int] = mapped_column(default=0)
    minute: Mapped[list[float]] = mapped_column(JSON, default=list)  # POSIX times of the last minute's messages
    slow: Mapped[bool] = mapped_column(default=False)
    stopped_until: Mapped[datetime | None]
    counted_from: Mapped[datetime]  # messages before it do not count for the brake


class SmsAlarm(Base):
    """Something about a path's SMS that the owner must see."""

    __tablename__ = "sms_alarm"
    __table_args__ = (Index(None, "venue_id", "at"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    path: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
