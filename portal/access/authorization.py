"""May this device go online, for how long, how fast? Reads only; a router asks again whenever an answer is lost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant
from portal.access.nas import KnownNas
from portal.access.packets import AccessRequest

INTERIM_SECONDS = 600  # RFC 2869 §2.1: SHOULD NOT be less than 600
Reason = Literal["granted", "unknown", "other_venue", "other_device", "revoked", "not_yet", "expired"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to an Access-Request. Seconds and kbit/s; 0 kbit/s or 0 s idle means "no limit".

    An accept is not final: FreeRADIUS still compares the packet's password with `cleartext_password`.
    `class_` is the visit's public id, also on a refusal of a known grant, so that logs can follow the visit.
    """

    accept: bool
    reason: Reason
    cleartext_password: str | None = field(default=None, repr=False)
    session_timeout: int = 0
    idle_timeout: int = 0
    up_kbps: int = 0
    down_kbps: int = 0
    class_: str | None = None
    interim: int = INTERIM_SECONDS


def decide(session: Session, nas: KnownNas, packet: AccessRequest, now: datetime) -> Decision:
    """Decide by the grant that the user name belongs to. One SELECT, no write."""
    grant = session.execute(_GRANT, {"user_name": packet.user_name}).one_or_none()
    if grant is None:
        return Decision(False, "unknown")
    refusal = _refusal(grant, nas, packet, now)
    if refusal:
        return Decision(False, refusal, class_=grant.visit_id)
    return Decision(
        True,
        "granted",
        cleartext_password=grant.password,
        session_timeout=_whole_seconds_left(grant, now),
        idle_timeout=grant.idle_seconds,
        up_kbps=grant.up_kbps,
        down_kbps=grant.down_kbps,
        class_=grant.visit_id,
    )


_GRANT = select(
    AccessGrant.venue_id,
    AccessGrant.visit_id,
    AccessGrant.password,
    AccessGrant.mac,
    AccessGrant.session_seconds,
    AccessGrant.idle_seconds,
    AccessGrant.down_kbps,
    AccessGrant.up_kbps,
    AccessGrant.starts_at,
    AccessGrant.expires_at,
    AccessGrant.revoked_at,
).where(AccessGrant.user_name == bindparam("user_name"))


def _refusal(grant: Any, nas: KnownNas, packet: AccessRequest, now: datetime) -> Reason | None:
    """The first reason against, the walls between venues before anything else."""
    checks: tuple[tuple[bool, Reason], ...] = (
        (grant.venue_id != nas.venue_id, "other_venue"),
        (grant.mac is not None and (packet.mac is None or grant.mac != packet.mac.hex), "other_device"),
        (grant.revoked_at is not None, "revoked"),
        (grant.starts_at > now, "not_yet"),
        (_whole_seconds_left(grant, now) < 1, "expired"),
    )
    return next((reason for against, reason in checks if against), None)


def _whole_seconds_left(grant: Any, now: datetime) -> int:
    """Rounded down: a router must never keep a device longer than its grant."""
    left: timedelta = grant.expires_at - now
    return min(int(left.total_seconds()), int(grant.session_seconds))
