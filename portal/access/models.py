"""Who used the Wi-Fi, by right of what, and what the routers reported. Marketing never reads these tables."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

_WAITING = "state = 'waiting'"


class Identification(Base):
    """The register row: which phone was proven, how and when, for which device. Kept on its own clock."""

    __tablename__ = "identification"
    __table_args__ = (Index(None, "venue_id", "proven_at"), Index(None, "phone"))
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    phone: Mapped[str] = mapped_column(String(16))
    proof: Mapped[str] = mapped_column(String(12))  # sms
    proven_at: Mapped[datetime]
    mac: Mapped[str | None] = mapped_column(String(12))
    ip: Mapped[str | None] = mapped_column(String(45))
    gateway_id: Mapped[int | None] = mapped_column(ForeignKey("gateway.id"))
    policy_version: Mapped[int]
    destroy_after: Mapped[datetime] = mapped_column(index=True)


class Voucher(Base):
    """Internet by staff's word: ten random characters, one device, no phone."""

    __tablename__ = "voucher"
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    code_hash: Mapped[str] = mapped_column(String(32), unique=True)
    staff_name: Mapped[str] = mapped_column(String(120))
    session_seconds: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_mac: Mapped[str | None] = mapped_column(String(12))
    used_device: Mapped[str | None] = mapped_column(String(32))  # the browser's keyed hash, where no MAC was known


class AccessGrant(Base):
    """The right of one device to be online at one venue for a time. The password is for RADIUS, one grant's own."""

    __tablename__ = "access_grant"
    __table_args__ = (Index(None, "venue_id", "mac", "expires_at"), Index(None, "visit_id"), Index(None, "revoked_at"))
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    identification_id: Mapped[int | None] = mapped_column(ForeignKey("identification.id"), index=True)
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"), index=True)
    visit_id: Mapped[str] = mapped_column(String(22))  # the visit's public id, sent as Class
    user_name: Mapped[str] = mapped_column(String(32), unique=True)
    password: Mapped[str] = mapped_column(String(32))
    mac: Mapped[str | None] = mapped_column(String(12))
    gateway_id: Mapped[int | None] = mapped_column(ForeignKey("gateway.id"))
    session_seconds: Mapped[int]
    idle_seconds: Mapped[int]
    down_kbps: Mapped[int]
    up_kbps: Mapped[int]
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(30))
    put_out_at: Mapped[datetime | None]  # when the gateway confirmed that a revoked device is off
    online_at: Mapped[datetime | None]
    online_evidence: Mapped[str | None] = mapped_column(String(16))  # how we know: portal/gateways/base.py


class GatewayOrder(Base):
    """What a gateway or its NAS still has to do about a device: the outbox of let-ins, put-outs and changes."""

    __tablename__ = "gateway_order"
    __table_args__ = (
        Index("ix_gateway_order_due", "next_at", sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
        Index("ix_gateway_order_waiting", "gateway_id", "id", sqlite_where=text(_WAITING), postgresql_where=text(_WAITING)),
    )
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    gateway_id: Mapped[int | None] = mapped_column(ForeignKey("gateway.id"))
    grant_id: Mapped[int] = mapped_column(ForeignKey("access_grant.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("accounting_session.id"))  # for one RADIUS session
    verb: Mapped[str] = mapped_column(String(8))  # let_in | put_out | change
    reason: Mapped[str] = mapped_column(String(30))
    entry: Mapped[str] = mapped_column(Text, default="", server_default="")  # what the router will fetch, where it fetches
    state: Mapped[str] = mapped_column(String(10))  # waiting | done | failed | expired
    said: Mapped[str] = mapped_column(String(80), default="", server_default="")  # the last answer
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class AccountingSession(Base):
    """One session as a router accounted it; retransmissions and late packets fall into the same row."""

    __tablename__ = "accounting_session"
    __table_args__ = (UniqueConstraint("nas_id", "acct_session_id", "user_name"), Index(None, "venue_id", "started_at"))
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    nas_id: Mapped[int] = mapped_column(ForeignKey("nas.id"))
    acct_session_id: Mapped[str] = mapped_column(String(120))
    user_name: Mapped[str] = mapped_column(String(120))
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("access_grant.id"), index=True)
    mac: Mapped[str | None] = mapped_column(String(12))
    ip: Mapped[str | None] = mapped_column(String(45))
    started_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    session_seconds: Mapped[int] = mapped_column(default=0)
    input_octets: Mapped[int] = mapped_column(default=0)
    output_octets: Mapped[int] = mapped_column(default=0)
    terminate_cause: Mapped[str | None] = mapped_column(String(40))
