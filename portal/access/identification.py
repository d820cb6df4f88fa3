"""The register row of a proven phone: who used the Wi-Fi, kept on its own clock and unseen by marketing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, bindparam, insert, or_, select
from sqlalchemy.orm import Session

from portal.access.models import AccessBlock, Identification
from portal.core.config import Settings
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.core.statements import Statement
from portal.venues.models import Venue, WifiPolicy

_TABLE: Table = Identification.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Proven:
    """The register row that was written. `blocked`: the staff refuse this phone or device, so nothing is granted."""

    id: int
    blocked: bool


def identify(
    session: Session,
    settings: Settings,
    venue: Venue,
    phone: Phone,
    *,
    mac: Mac | None,
    ip: str | None,
    gateway_id: int | None,
    policy: WifiPolicy,
    now: datetime,
) -> Proven:
    """Record that an SMS code proved this phone for this device, and look whether it is blocked. One statement."""
    return _insert(
        session,
        venue,
        {
            "organization_id": venue.organization_id, "venue_id": venue.id, "phone": phone.e164, "proof": "sms",
            "proven_at": now, "mac": mac.hex if mac else None, "ip": ip, "gateway_id": gateway_id,
            "policy_version": policy.version, "destroy_after": now + settings.retention_register,
            "proof_id": None, "proof_at": None,
        },
    )  # fmt: skip


def identify_again(
    session: Session,
    proof_id: int,
    venue: Venue,
    policy: WifiPolicy,
    mac: Mac,
    ip: str | None,
    gateway_id: int | None,
    now: datetime,
) -> Proven:
    """Record that a remembered device is used again, by right of an earlier proof. It is kept as long as a proof is."""
    proof = session.get_one(Identification, proof_id)
    return _insert(
        session,
        venue,
        {
            "organization_id": venue.organization_id, "venue_id": venue.id, "phone": proof.phone, "proof": "remembered",
            "proven_at": now, "mac": mac.hex, "ip": ip, "gateway_id": gateway_id, "policy_version": policy.version,
            "destroy_after": now + (proof.destroy_after - proof.proven_at), "proof_id": proof.id,
            "proof_at": proof.proven_at,
        },
    )  # fmt: skip


def _insert(session: Session, venue: Venue, values: dict[str, Any]) -> Proven:
    whose = {"entity": venue.legal_entity_id, "of_phone": values["phone"], "of_mac": values["mac"]}
    row = _IDENTIFY.first(session, values | whose)
    return Proven(row.id, bool(row.blocked))


# Built once: each guest passes here. The block rides on the insert, and costs no round trip of its own.
_IS_BLOCKED = (
    select(AccessBlock.id)
    .where(
        and_(AccessBlock.legal_entity_id == bindparam("entity"), AccessBlock.ended_at.is_(None)),
        or_(AccessBlock.phone == bindparam("of_phone"), AccessBlock.mac == bindparam("of_mac")),
    )
    .exists()
    .label("blocked")
)
_IDENTIFY = Statement(
    insert(_TABLE).returning(_TABLE.c.id, _IS_BLOCKED),
    *(column.key for column in _TABLE.columns if column.key != "id"),
)
