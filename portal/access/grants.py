"""AccessGrant: the right of one device to be online at one venue for a time."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from portal.access.models import AccessGrant, Voucher
from portal.core.mac import Mac
from portal.venues.models import Venue, WifiPolicy

_TABLE: Table = AccessGrant.__table__  # type: ignore[assignment]
_INSERT = insert(_TABLE).returning(_TABLE.c.id)


def issue(
    session: Session,
    *,
    venue: Venue,
    policy: WifiPolicy,
    visit_id: str,
    mac: Mac | None,
    gateway_id: int | None,
    identification_id: int | None = None,
    voucher_id: int | None = None,
    now: datetime,
) -> AccessGrant:
    """Let a device in for the policy's time, or for what is left of its voucher.

    `visit_id` is the visit's public id. One statement on the way of a phone, two with a voucher. The name and the
    password are random and this grant's own; both are letters, digits, "-" and "_", which every router passes on whole.
    The row comes back detached; change it through `revoke`.
    """
    expires_at = now + timedelta(seconds=policy.session_seconds) if voucher_id is None else _voucher_end(session, voucher_id)
    values = {
        "organization_id": venue.organization_id,
        "venue_id": venue.id,
        "identification_id": identification_id,
        "voucher_id": voucher_id,
        "visit_id": visit_id,
        "user_name": secrets.token_hex(12),
        "password": secrets.token_urlsafe(18),
        "mac": mac.hex if mac else None,
        "gateway_id": gateway_id,
        "session_seconds": max(int((expires_at - now).total_seconds()), 0),
        "idle_seconds": policy.idle_seconds,
        "down_kbps": policy.down_kbps,
        "up_kbps": policy.up_kbps,
        "starts_at": now,
        "expires_at": expires_at,
    }
    number = session.connection().execute(_INSERT, values).scalar_one()
    return AccessGrant(id=number, **values)


def live_for(session: Session, venue_id: int, mac: Mac, now: datetime) -> AccessGrant | None:
    """The newest grant of a device at a venue that is neither expired nor revoked."""
    return session.scalar(
        select(AccessGrant)
        .where(
            AccessGrant.venue_id == venue_id,
            AccessGrant.mac == mac.hex,
            AccessGrant.expires_at > now,
            AccessGrant.revoked_at.is_(None),
        )
        .order_by(AccessGrant.id.desc())
        .limit(1)
    )


def by_visit(session: Session, visit_public_id: str) -> AccessGrant | None:
    """The newest grant of a visit, live or not."""
    return session.scalar(
        select(AccessGrant).where(AccessGrant.visit_id == visit_public_id).order_by(AccessGrant.id.desc()).limit(1)
    )


def revoke(session: Session, grant: AccessGrant, reason: str, now: datetime) -> None:
    """End a grant now. `reason` (≤ 30 characters): guest, staff, withdrawn, erased. The first reason stays."""
    ended = session.connection().execute(
        update(_TABLE).where(_TABLE.c.id == grant.id, _TABLE.c.revoked_at.is_(None)).values(revoked_at=now, revoked_reason=reason)
    )
    if ended.rowcount:
        set_committed_value(grant, "revoked_at", now)
        set_committed_value(grant, "revoked_reason", reason)


def _voucher_end(session: Session, voucher_id: int) -> datetime:
    """Typing a voucher again on its device must not start its time anew."""
    used_at, seconds = session.execute(select(Voucher.used_at, Voucher.session_seconds).where(Voucher.id == voucher_id)).one()
    if used_at is None:
        raise ValueError("redeem the voucher before issuing its grant")
    return used_at + timedelta(seconds=seconds)
