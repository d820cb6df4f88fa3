"""Who used the Wi-Fi, by right of what, and what the routers reported. Marketing never reads these tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Pk

_WAITING = "state = 'waiting'"
_LIVE = text("ended_at IS NULL")
OF_GRANT = _WAITING + " AND session_id IS NULL"
OF_SESSION = _WAITING + " AND session_id IS NOT NULL"
_ENDED = "revoked_at IS NOT NULL"
_OPEN = "stopped_at IS NULL"


def _where(condition: str) -> dict[str, Any]:
    """A partial index on both databases."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Identification(Base):
    """The register row: which phone was proven, how and when, for which device. Kept on its own clock."""

    __tablename__ = "identification"
    __table_args__ = (Index(None, "venue_id", "proven_at"), Index(None, "phone", "proven_at"))
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    phone: Mapped[str] = mapped_column(String(16))
    proof: Mapped[str] = mapped_column(String(12))  # sms | remembered
    proven_at: Mapped[datetime]  # of a remembered device: when it was known again
    proof_id: Mapped[int | None]  # the SMS row that a remembered device goes back to; it may be destroyed before this one
    proof_at: Mapped[datetime | None]  # that row's proven_at
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
    __table_args__ = (
        Index(None, "venue_id", "mac", "expires_at"),
        Index(None, "visit_id"),
        Index("ix_access_grant_ended", "expires_at", **_where(_ENDED)),
    )
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
    # What an openNDS router said when the device went off. Not `verified`: by a notice that anybody could have posted.
    router_ended_at: Mapped[datetime | None]
    router_cause: Mapped[str | None] = mapped_column(String(20))
    router_downloaded: Mapped[int | None]
    router_uploaded: Mapped[int | None]
    router_verified: Mapped[bool | None]


class RememberedDevice(Base):
    """A device whose user was proven not long ago: until then it comes back without a code. One row per venue and device."""

    __tablename__ = "remembered_device"
    __table_args__ = (UniqueConstraint("mac", "venue_id"),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    mac: Mapped[str] = mapped_column(String(12))
    identification_id: Mapped[int]  # the proof; when it is destroyed, the device is a stranger
    document_id: Mapped[int | None]  # the newest of the venue's Wi-Fi documents that was in force
    vouched: Mapped[bool] = mapped_column(default=False)  # by the gateway; else a session must have been accounted for it
    everywhere: Mapped[bool] = mapped_column(default=False)  # known at the legal entity's other venues too
    since: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(30))  # document | blocked | guest | erased | withdrawn


class AccessBlock(Base):
    """A phone or a device that a legal entity's Wi-Fi refuses, by staff's word."""

    __tablename__ = "access_block"
    __table_args__ = (Index("ix_access_block_in_force", "legal_entity_id", sqlite_where=_LIVE, postgresql_where=_LIVE),)
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    mac: Mapped[str | None] = mapped_column(String(12))
    phone: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(200))
    staff_name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class GatewayOrder(Base):
    """What a gateway or its NAS still has to do about a device: the outbox of let-ins, put-outs and changes."""

    __tablename__ = "gateway_order"
    __table_args__ = (
        Index("ix_gateway_order_due", "next_at", **_where(_WAITING)),
        Index("ix_gateway_order_waiting", "gateway_id", "id", **_where(_WAITING)),
        Index("ix_gateway_order_session", "session_id", **_where("session_id IS NOT NULL")),
        Index("uq_gateway_order_grant_waiting", "grant_id", "verb", unique=True, **_where(OF_GRANT)),
        Index("uq_gateway_order_session_waiting", "session_id", "verb", unique=True, **_where(OF_SESSION)),
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
    """One real session as a router accounted it; retransmissions and late packets fall into the same row.

    A router that was restarted gives its session ids anew: `incarnation` counts the sessions of one router, id and user.
    `revision` counts the writes of the row, so that two at once do not undo each other.
    """

    __tablename__ = "accounting_session"
    __table_args__ = (
        UniqueConstraint("user_name", "nas_id", "acct_session_id", "incarnation", name="uq_accounting_session_incarnation"),
        Index(None, "venue_id", "started_at"),
        Index("ix_accounting_session_open", "nas_id", **_where(_OPEN)),
    )
    id: Mapped[Pk]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organization.id"))
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    nas_id: Mapped[int] = mapped_column(ForeignKey("nas.id"))
    acct_session_id: Mapped[str] = mapped_column(String(120))
    user_name: Mapped[str] = mapped_column(String(120))
    incarnation: Mapped[int] = mapped_column(default=0, server_default="0")
    revision: Mapped[int] = mapped_column(default=0, server_default="0")
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("access_grant.id"), index=True)
    mac: Mapped[str | None] = mapped_column(String(12))
    ip: Mapped[str | None] = mapped_column(String(45))
    started_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(8))  # stop | restart | silence; only a stop is the router's own word
    samples: Mapped[str] = mapped_column(Text, default="", server_default="")  # 32-bit counters without gigawords, see octets.py
    session_seconds: Mapped[int] = mapped_column(default=0)
    input_octets: Mapped[int] = mapped_column(default=0)
    output_octets: Mapped[int] = mapped_column(default=0)
    terminate_cause: Mapped[str | None] = mapped_column(String(40))
