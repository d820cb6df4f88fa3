"""Internet by staff's word: a voucher for one device, without a phone. Off until the venue switches it on."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.access.models import Voucher
from portal.core.config import Settings
from portal.core.errors import PortalError
from portal.core.limits import Limit, LimitReached, find_room
from portal.core.mac import Mac
from portal.core.tokens import Keys
from portal.venues.models import Venue, WifiPolicy

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 10
LIFETIME = timedelta(hours=24)
_LOOKALIKES = str.maketrans("ILO", "110")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class VoucherRefused:
    """Why a voucher did not let in. A fact to commit and to show, never an exception."""

    reason: Literal["off", "no_device", "limit", "wrong", "expired", "used"]


def make(session: Session, keys: Keys, venue: Venue, staff_name: str, now: datetime) -> str:
    """A new code, shown once and kept only as a keyed hash. Raises PortalError `vouchers_off`."""
    policy = session.get(WifiPolicy, venue.id)
    if not venue.vouchers or policy is None:
        raise PortalError("vouchers_off")
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    session.add(
        Voucher(
            organization_id=venue.organization_id,
            venue_id=venue.id,
            code_hash=_hash(keys, code),
            staff_name=staff_name[:120],
            session_seconds=policy.session_seconds,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return code


def redeem(
    session: Session,
    keys: Keys,
    settings: Settings,
    venue: Venue,
    code: str,
    mac: Mac | None,
    device_hash: str | None,
    now: datetime,
) -> Voucher | VoucherRefused:
    """Spend a voucher on a device; the same device may type it again while its time runs. Commit either answer.

    The windows of wrong tries are locked before the code is looked at: fifty codes at once compare no more than one
    after another would. Only a wrong one is counted.
    """
    if not venue.vouchers:
        return VoucherRefused("off")
    device = mac.hex if mac else device_hash
    if device is None:
        return VoucherRefused("no_device")
    room = find_room(session, _limits(keys, settings, venue, device), now)
    if isinstance(room, LimitReached):
        return VoucherRefused("limit")
    voucher = _find(session, keys, venue, code)
    refused = _refusal(voucher, mac, device_hash, now)
    if voucher is None or refused:
        room.occupy(session)
        return refused or VoucherRefused("wrong")
    room.leave(session)
    return _spend(session, voucher.id, mac, device_hash, now)


def normalise(code: str) -> str:
    """A code as it was made: any case, spaces and dashes anywhere, look-alikes read as digits."""
    return "".join(c for c in code[:60].upper().translate(_LOOKALIKES) if c in ALPHABET)


def _hash(keys: Keys, code: str) -> str:
    return keys.keyed_hash("voucher", code)


def _limits(keys: Keys, settings: Settings, venue: Venue, device: str) -> list[Limit]:
    by_device = keys.keyed_hash("voucher-device", device)
    return [
        Limit("voucher_device", f"voucher:device:{by_device}", settings.limit_voucher_tries, _HOUR),
        Limit("voucher_venue", f"voucher:venue:{venue.id}", settings.limit_voucher_venue_hour, _HOUR),
    ]


def _find(session: Session, keys: Keys, venue: Venue, code: str) -> Voucher | None:
    return session.scalar(select(Voucher).where(Voucher.code_hash == _hash(keys, normalise(code)), Voucher.venue_id == venue.id))


def _refusal(voucher: Voucher | None, mac: Mac | None, device_hash: str | None, now: datetime) -> VoucherRefused | None:
    if voucher is None:
        return VoucherRefused("wrong")
    if voucher.used_at is None:
        return None if now < voucher.expires_at else VoucherRefused("expired")
    if not _same_device(voucher, mac, device_hash):
        return VoucherRefused("used")
    over = now >= voucher.used_at + timedelta(seconds=voucher.session_seconds)
    return VoucherRefused("expired") if over else None


def _same_device(voucher: Voucher, mac: Mac | None, device_hash: str | None) -> bool:
    """The MAC decides where both are known; a browser's hash only where the gateway gave no MAC."""
    if voucher.used_mac is not None:
        return mac is not None and voucher.used_mac == mac.hex
    return voucher.used_device is not None and voucher.used_device == device_hash


def _spend(
    session: Session, voucher_id: int, mac: Mac | None, device_hash: str | None, now: datetime
) -> Voucher | VoucherRefused:
    """Two devices with one code at once: the conditional UPDATE lets one win."""
    session.execute(
        update(Voucher)
        .where(Voucher.id == voucher_id, Voucher.used_at.is_(None))
        .values(used_at=now, used_mac=mac.hex if mac else None, used_device=device_hash)
    )
    voucher = session.get_one(Voucher, voucher_id, populate_existing=True)
    return voucher if _same_device(voucher, mac, device_hash) else VoucherRefused("used")
