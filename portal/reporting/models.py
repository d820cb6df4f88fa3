"""What the reports keep: sums of settled time, marks of what changed in them, notes on the graph, alerts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, PrimaryKeyConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

LAYOUT = 2  # of the sums: 1 knew days and months, 2 knows dekads and the hours of young days as well
ATTRIBUTIONS = ("visit", "first")
CLASSES = ("new", "returning", "voucher", "remembered", "bot", "preview")
WINDOWS = {"30m": 1800, "24h": 86_400, "7d": 604_800}  # seconds
OTHER = 0  # stands for "no source" where a key may hold no NULL
_OPEN = "ended_at IS NULL"
_CLUSTERED = {"sqlite_with_rowid": False}  # the rows lie in the order of their key, in which they are read


class RollupState(Base):
    """How far a venue's past is summed up. A change of a visit that arrived before `closed_until` leaves a mark (triggers)."""

    __tablename__ = "rollup_state"
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    zone: Mapped[str] = mapped_column(String(60))  # the sums' days are of this zone
    closed_until: Mapped[datetime]
    checked_at: Mapped[datetime | None]  # when the sums were last made anew and compared
    drift: Mapped[int] = mapped_column(default=0)  # rows that differed then
    builds: Mapped[int] = mapped_column(default=0, server_default="0")  # counts up, so that of two builders one gives way
    layout: Mapped[int] = mapped_column(default=LAYOUT, server_default="1")  # which sums there are


class RollupMark(Base):
    """A visit of a settled hour was added, changed or removed: its day is read from the visits until it is summed up again."""

    __tablename__ = "rollup_mark"
    id: Mapped[Pk]
    venue_id: Mapped[int] = mapped_column(index=True)
    arrived_at: Mapped[datetime]


class _Cell:
    venue_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attribution: Mapped[str] = mapped_column(String(5), primary_key=True)
    grain: Mapped[str] = mapped_column(String(5), primary_key=True)  # see `grains`
    first_day: Mapped[date] = mapped_column(Date, primary_key=True)  # of the grain, by the venue's clock
    source_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # OTHER for none
    visitor_class: Mapped[str] = mapped_column(String(10), primary_key=True)


class VisitRollup(_Cell, Base):
    """Visits of a stretch of a venue's time by source and class, and how many of them reached each step within each window."""

    __tablename__ = "visit_rollup"
    __table_args__ = (
        PrimaryKeyConstraint("venue_id", "attribution", "grain", "first_day", "source_id", "visitor_class"),
        _CLUSTERED,
    )
    visits: Mapped[int] = mapped_column(default=0)
    synthetic: Mapped[int] = mapped_column(default=0)
    sms_kopecks: Mapped[int] = mapped_column(default=0)
    phone_30m: Mapped[int] = mapped_column(default=0)
    phone_24h: Mapped[int] = mapped_column(default=0)
    phone_7d: Mapped[int] = mapped_column(default=0)
    code_sent_30m: Mapped[int] = mapped_column(default=0)
    code_sent_24h: Mapped[int] = mapped_column(default=0)
    code_sent_7d: Mapped[int] = mapped_column(default=0)
    code_delivered_30m: Mapped[int] = mapped_column(default=0)
    code_delivered_24h: Mapped[int] = mapped_column(default=0)
    code_delivered_7d: Mapped[int] = mapped_column(default=0)
    verified_30m: Mapped[int] = mapped_column(default=0)
    verified_24h: Mapped[int] = mapped_column(default=0)
    verified_7d: Mapped[int] = mapped_column(default=0)
    card_30m: Mapped[int] = mapped_column(default=0)
    card_24h: Mapped[int] = mapped_column(default=0)
    card_7d: Mapped[int] = mapped_column(default=0)
    card_saved_30m: Mapped[int] = mapped_column(default=0)
    card_saved_24h: Mapped[int] = mapped_column(default=0)
    card_saved_7d: Mapped[int] = mapped_column(default=0)
    online_30m: Mapped[int] = mapped_column(default=0)
    online_24h: Mapped[int] = mapped_column(default=0)
    online_7d: Mapped[int] = mapped_column(default=0)


class TimeRollup(_Cell, Base):
    """The same cell's times between steps, in logarithmic bins."""

    __tablename__ = "time_rollup"
    __table_args__ = (
        PrimaryKeyConstraint("venue_id", "attribution", "grain", "first_day", "source_id", "visitor_class", "step", "bin"),
        _CLUSTERED,
    )
    step: Mapped[str] = mapped_column(String(16), primary_key=True)
    bin: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    visits: Mapped[int] = mapped_column(default=0)


class Annotation(Base):
    """A note on a day of the graph: "new menu", "street closed"."""

    __tablename__ = "annotation"
    __table_args__ = (Index(None, "venue_id", "day"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    day: Mapped[date] = mapped_column(Date)
    text: Mapped[str] = mapped_column(String(120))
    who: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Alert(Base):
    """Something that the numbers say and a person should look at: raised once, ended when it is over."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_open", "organization_id", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    kind: Mapped[str] = mapped_column(String(16))  # quiet | delivery | budget | drift
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
