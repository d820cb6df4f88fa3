"""Where guests come from: placements of a printed code or a link, and visits, one row each."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

SOURCE_KINDS = (
    "table_tent", "receipt", "delivery_sticker", "wifi", "checkout", "menu", "packaging",
    "staff_badge", "social", "website", "paid", "paper_form", "custom",
)  # fmt: skip
VISITOR_CLASSES = ("guest", "bot", "voucher", "remembered")
STEPS = ("seen_at", "phone_at", "code_sent_at", "code_delivered_at", "verified_at", "card_at", "card_saved_at", "online_at")
_TRACE = "ip IS NOT NULL OR user_agent IS NOT NULL"


class Source(Base):
    """A placement. Its short code is printed and never dies; everything else about it may change."""

    __tablename__ = "source"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(120))
    utm_source: Mapped[str] = mapped_column(String(120), default="")
    utm_medium: Mapped[str] = mapped_column(String(120), default="")
    utm_campaign: Mapped[str] = mapped_column(String(120), default="")
    utm_content: Mapped[str] = mapped_column(String(120), default="")
    cost_kopecks: Mapped[int] = mapped_column(default=0)
    printed_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Visit(Base):
    """One visit, one row, a nullable time per step. The source is frozen at entry; NULL means "other".

    Trunk: seen → phone → verified. Branches: card → card_saved, and online. The checks hold the order in a branch.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("verified_at IS NULL OR phone_at IS NOT NULL", name="verified_after_phone"),
        CheckConstraint("card_at IS NULL OR verified_at IS NOT NULL", name="card_after_verified"),
        CheckConstraint("card_saved_at IS NULL OR card_at IS NOT NULL", name="saved_after_card"),
        CheckConstraint(
            "online_at IS NULL OR verified_at IS NOT NULL OR visitor_class IN ('voucher', 'remembered')",
            name="online_after_verified",
        ),
        Index(None, "venue_id", "arrived_at"),
        Index(None, "venue_id", "device_hash", "arrived_at"),
        Index(None, "guest_id", sqlite_where=text("guest_id IS NOT NULL"), postgresql_where=text("guest_id IS NOT NULL")),
        Index("ix_visit_trace", "arrived_at", sqlite_where=text(_TRACE), postgresql_where=text(_TRACE)),  # for retention
    )
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    entry: Mapped[str] = mapped_column(String(8))  # qr | link | wifi
    visitor_class: Mapped[str] = mapped_column(String(12), default="guest")
    bot_reason: Mapped[str | None] = mapped_column(String(40))
    is_returning: Mapped[bool | None]
    guest_id: Mapped[int | None] = mapped_column(ForeignKey("guest.id"))
    device_hash: Mapped[str | None] = mapped_column(String(32))
    device_family: Mapped[str] = mapped_column(String(20), default="")
    language: Mapped[str] = mapped_column(String(2))
    utm_raw: Mapped[str | None] = mapped_column(Text)
    utm_cut: Mapped[bool] = mapped_column(default=False)
    ip: Mapped[str | None] = mapped_column(String(45))
    user_agent: Mapped[str | None] = mapped_column(String(400))
    arrived_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    phone_at: Mapped[datetime | None]
    code_sent_at: Mapped[datetime | None]
    code_delivered_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    card_at: Mapped[datetime | None]
    card_saved_at: Mapped[datetime | None]
    online_at: Mapped[datetime | None]
    online_evidence: Mapped[str | None] = mapped_column(String(16))  # how we know: portal/gateways/base.py
    synthetic: Mapped[bool] = mapped_column(default=False)
