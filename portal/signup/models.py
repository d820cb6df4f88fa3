"""A phone on its way to being proven."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

_PENDING = "path = 'wifi' AND closed_at IS NULL"


class PhoneVerification(Base):
    """One number, one nonce, one code. The code is derived, never stored; at most one is open per visit."""

    __tablename__ = "phone_verification"
    __table_args__ = (
        Index("uq_phone_verification_open_visit", "visit_id", unique=True,
              sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
        Index("ix_phone_verification_pending", "device_hash", "venue_id", "created_at",  # a device that comes back to the Wi-Fi
              sqlite_where=text(_PENDING), postgresql_where=text(_PENDING)),
        Index("ix_phone_verification_kept", "created_at",  # for retention
              sqlite_where=text("phone IS NOT NULL"), postgresql_where=text("phone IS NOT NULL")),
        Index(None, "phone", sqlite_where=text("phone IS NOT NULL"), postgresql_where=text("phone IS NOT NULL")),  # for erasure
    )  # fmt: skip
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    link: Mapped[str] = mapped_column(String(10), unique=True)  # the short SMS link, /l/<link>
    visit_id: Mapped[str] = mapped_column(String(22))  # the visit's public id
    path: Mapped[str] = mapped_column(String(8))  # wifi | qr | me
    phone: Mapped[str | None] = mapped_column(String(16))  # emptied by retention
    nonce: Mapped[str] = mapped_column(String(22))
    language: Mapped[str] = mapped_column(String(2))
    card_asked: Mapped[bool] = mapped_column(default=False)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)  # optional fields and boxes as typed, for "wrong number"
    arrival: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the gateway's values
    device_hash: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    mac_attempts: Mapped[int] = mapped_column(default=0)  # tries by who came back with the MAC alone
    sends: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # consumed, replaced, expired or given up
    closed_reason: Mapped[str | None] = mapped_column(String(20))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("card.id"))
