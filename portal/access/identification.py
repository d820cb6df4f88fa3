"""The register row of a proven phone: who used the Wi-Fi, kept on its own clock and unseen by marketing."""

from datetime import datetime

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from portal.access.models import Identification
from portal.core.config import Settings
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.venues.models import Venue, WifiPolicy

_TABLE: Table = Identification.__table__  # type: ignore[assignment]
_INSERT = insert(_TABLE).returning(_TABLE.c.id)


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
) -> Identification:
    """Record that an SMS code proved this phone for this device. One statement.

    The row comes back detached: read it, do not change it.
    """
    values = {
        "organization_id": venue.organization_id,
        "venue_id": venue.id,
        "phone": phone.e164,
        "proof": "sms",
        "proven_at": now,
        "mac": mac.hex if mac else None,
        "ip": ip,
        "gateway_id": gateway_id,
        "policy_version": policy.version,
        "destroy_after": now + settings.retention_register,
    }
    number = session.connection().execute(_INSERT, values).scalar_one()
    return Identification(id=number, **values)
