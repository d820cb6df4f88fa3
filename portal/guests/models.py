"""People who proved a phone and asked for a card or for news. Nobody else is a Guest."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk


class Guest(Base):
    """Unique per legal entity and phone."""

    __tablename__ = "guest"
    __table_args__ = (UniqueConstraint("legal_entity_id", "phone"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    phone: Mapped[str] = mapped_column(String(16))
    first_source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    language: Mapped[str] = mapped_column(String(2))
    name: Mapped[str | None] = mapped_column(String(100))
    birthday: Mapped[date | None] = mapped_column(Date)
    email: Mapped[str | None] = mapped_column(String(200))
    city: Mapped[str | None] = mapped_column(String(80))
    custom: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)


class Device(Base):
    """A device that a guest used, by the keyed hash of its MAC or of its browser cookie."""

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("guest_id", "device_hash"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    guest_id: Mapped[int] = mapped_column(ForeignKey("guest.id"))
    device_hash: Mapped[str] = mapped_column(String(32))
    family: Mapped[str] = mapped_column(String(20), default="")
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
