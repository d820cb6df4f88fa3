"""AccessGrant: the right of one device to be online at one venue for a time."""

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from portal.access.models import AccessGrant, Voucher
from portal.access.time_left import next_closing
from portal.core.crypto import hmac_sha256, random_bytes
from portal.core.mac import Mac
from portal.venues.models import Venue, WifiPolicy

_TABLE: Table = AccessGrant.__table__  # type: ignore[assignment]
_INSERT = insert(_TABLE).returning(_TABLE.c.id)
_STAMPED = re.compile(r"[0-9a-f]+-([0-9a-z]{1,8})(?:-([0-9a-z]{1,12}))?\Z")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PASSWORD_LENGTH = 16  # characters of 6 bits: one block of PAP, so that no router cuts it


@dataclass(frozen=True, slots=True)
class Login:
    """What a device says to its router once: good for one Accounting-Start, or 120 seconds (see `authorization`)."""

    user_name: str
    password: str = field(repr=False)


def login(grant: AccessGrant, now: datetime, gateway_id: int | None = None) -> Login:
    """A name and a password of this moment. Nothing is stored: the name carries its time, the password proves both.

    They are for the grant's gateway, or for `gateway_id`, where the guest walked over to another one of the venue's. The
    grant's own password never leaves the house.
    """
    at = gateway_id or grant.gateway_id
    stamp = _base36(int(now.timestamp())) + (f"-{_base36(at)}" if at else "")
    name = f"{grant.user_name}-{stamp}"
    return Login(name, one_time_password(grant.password, name))


def one_time_password(secret: str, user_name: str) -> str:
    """The password of a login name; letters, digits, "-" and "_"."""
    digest = hmac_sha256(secret.encode(), user_name.encode("utf-8", "replace"))
    return base64.urlsafe_b64encode(digest)[:PASSWORD_LENGTH].decode()


def name_of_grant(user_name: str) -> str:
    """The `AccessGrant.user_name` that a login name belongs to: its text before the first "-"."""
    return user_name.partition("-")[0]


def stamp_of_login(user_name: str) -> tuple[int, int | None] | None:
    """The Unix second that a login name was made in, and the gateway it was made for; None for a name of any other form."""
    found = _STAMPED.match(user_name)
    return (int(found[1], 36), int(found[2], 36) if found[2] else None) if found else None


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


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
    """Let a device in for the policy's time, or for what is left of its voucher, and never past closing time.

    `visit_id` is the visit's public id. One statement on the way of a phone, two with a voucher. The name (hex digits)
    and the password are random and this grant's own; routers are told neither, only what `login` makes of them.
    The row comes back detached; change it through `revoke`.
    """
    expires_at = now + timedelta(seconds=policy.session_seconds) if voucher_id is None else _voucher_end(session, voucher_id)
    closing = next_closing(policy.closes_at, venue.timezone, now)
    expires_at = min(expires_at, closing) if closing else expires_at
    values = {
        "organization_id": venue.organization_id,
        "venue_id": venue.id,
        "identification_id": identification_id,
        "voucher_id": voucher_id,
        "visit_id": visit_id,
        "user_name": random_bytes(12).hex(),
        "password": base64.urlsafe_b64encode(random_bytes(18)).decode(),
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


def holds(grant: AccessGrant, now: datetime) -> bool:
    """False for a grant that has ended, by time or by word."""
    return grant.revoked_at is None and grant.expires_at > now


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
