"""Where guests come from: placements of a printed code or a link, and visits, one row each."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text, text
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
    printed_count: Mapped[int] = mapped_column(default=0)
    plan_kopecks: Mapped[int] = mapped_column(default=0, server_default="0")  # planned cost of a month; 0: no plan
    plan_members: Mapped[int] = mapped_column(default=0, server_default="0")  # planned members of a month
    points_to_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))  # its printed code lands as this other source
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]  # lands and counts as ever, but nobody expects visits of it
    merged_at: Mapped[datetime | None]  # since then its past is shown in the row of the source that it points to
    sheet_taken_at: Mapped[datetime | None]  # when a sheet of it was first opened for printing


class SourceEvent(Base):
    """What became of a placement: history keeps its old names."""

    __tablename__ = "source_event"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))  # created renamed paused resumed repointed merged parted retired reactivated
    was: Mapped[str] = mapped_column(String(120), default="")
    became: Mapped[str] = mapped_column(String(120), default="")
    who: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]


class SourceCost(Base):
    """Money spent on a placement: once, for pieces, or for days. A correction is a new row; a wrong one is removed."""

    __tablename__ = "source_cost"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))  # once | pieces | days
    kopecks: Mapped[int]  # once: in all; pieces: of one; days: of all days from first_day to last_day together
    pieces: Mapped[int] = mapped_column(default=1)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)  # once and pieces: the same day
    note: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]


class SheetLine(Base):
    """Why to scan, in a venue's own words, on the sheets of one kind of placement; without it a default stands there."""

    __tablename__ = "sheet_line"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    text: Mapped[str] = mapped_column(String(90))


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
    came_before: Mapped[bool | None]  # known at entry: this device had an earlier visit at this venue; NULL without device_hash
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
    sms_kopecks: Mapped[int] = mapped_column(default=0, server_default="0")  # what its messages cost, as the gate billed them
    synthetic: Mapped[bool] = mapped_column(default=False)
