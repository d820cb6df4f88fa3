"""The guest's digital card."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk


class Card(Base):
    """A number for the till (ASCII digits, last one a check digit) and a link for the guest (128 random bits)."""

    __tablename__ = "card"
    __table_args__ = (
        UniqueConstraint("legal_entity_id", "number"),
        Index("uq_card_live_guest", "guest_id", unique=True,
              sqlite_where=text("retired_at IS NULL"), postgresql_where=text("retired_at IS NULL")),
    )  # fmt: skip
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))  # where it was issued: name and colours
    guest_id: Mapped[int] = mapped_column(ForeignKey("guest.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(String(22))  # the public id of the visit that brought it
    number: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(22), unique=True)
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime]  # last shown or asked for: 12 silent months end it for a recycled number
    retired_at: Mapped[datetime | None]
