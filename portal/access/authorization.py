"""May this device go online, for how long, how fast? Reads only; a router asks again whenever an answer is lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy.orm import Session

from portal.access import standing
from portal.access.grants import name_of_grant, one_time_password, stamp_of_login
from portal.access.models import AccessGrant
from portal.access.packets import AccessRequest
from portal.access.time_left import MEGABYTE, Used, day_start, next_closing, used_since
from portal.core.glances import Reader
from portal.core.mac import Mac, parse_mac
from portal.gateways.mac_login import is_written_by

LOGIN_SECONDS = 120  # how long a login name is good for
CLOCKS_APART = timedelta(seconds=5)  # between the portal's machine and this one
LEAST_INTERIM = 60  # RFC 2869 §2.1; CoovaChilli takes its own default for less
MISSED_REPORTS = 3  # a session that has not been heard of for so many intervals is a ghost

Reason = Literal[
    "granted", "remembered", "unknown_router", "unknown", "other_venue", "other_gateway", "other_device", "no_login", "too_early",
    "too_late", "spent", "revoked", "not_yet", "expired", "blocked", "too_many_devices", "used_up", "not_its_own_mac",
    "wrong_password", "not_remembered",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to an Access-Request. Seconds, kbit/s and octets; 0 kbit/s or 0 s idle means "no limit", None no quota.

    An accept for a login is not final: FreeRADIUS still compares the packet's password with `cleartext_password`. It is
    None for a device that is let in by its own MAC. `class_` is the visit's public id where there is a visit, also on a
    refusal, so that logs can follow it; `gateway_id` is the router's gateway, for its check list.
    """

    accept: bool
    reason: Reason
    cleartext_password: str | None = field(default=None, repr=False)
    session_timeout: int = 0
    idle_timeout: int = 0
    up_kbps: int = 0
    down_kbps: int = 0
    octets: int | None = None
    class_: str | None = None
    interim: int = 600
    gateway_id: int | None = None


def decide(session: Reader, nas_name: str, packet: AccessRequest, now: datetime) -> Decision:
    """Decide by the grant that the login name belongs to, or by the device where the name is a MAC. One SELECT, no write."""
    try:
        named = parse_mac(packet.user_name)
    except ValueError:
        return _by_login(session, nas_name, packet, now)
    return _by_device(session, nas_name, packet, named, now)


def may_go_on(session: Session, nas_name: str, grant: AccessGrant, now: datetime) -> Decision:
    """What a running session of a live grant may still have, by the rules of a login. One SELECT."""
    rows = standing.of_login(session, nas_name, grant.user_name, grant.mac, now)
    if not rows or rows[0].grant_id is None:
        return Decision(False, "unknown")
    own_seconds = _whole_seconds(rows[0].expires_at - now)
    return answer_for(rows[0], sessions_of(rows), grant.mac, now, own_seconds, "granted", None, grant.visit_id)


def _by_login(session: Reader, nas_name: str, packet: AccessRequest, now: datetime) -> Decision:
    mac = packet.mac.hex if packet.mac else None
    rows = standing.of_login(session, nas_name, name_of_grant(packet.user_name), mac, now)
    if not rows:
        return Decision(False, "unknown_router")
    row, used = rows[0], sessions_of(rows)
    refusal = _login_refusal(row, packet, now) or _stamp_refusal(row, packet, used, now)
    if refusal:
        return Decision(False, refusal, class_=row.visit_id, gateway_id=row.nas_gateway_id)
    own_seconds = min(_whole_seconds(row.expires_at - now), row.session_seconds)
    return answer_for(
        row, used, mac, now, own_seconds, "granted", one_time_password(row.password, packet.user_name), row.visit_id
    )  # fmt: skip


def _by_device(session: Reader, nas_name: str, packet: AccessRequest, named: Mac, now: datetime) -> Decision:
    rows = standing.of_device(session, nas_name, named.hex, now)
    if not rows:
        return Decision(False, "unknown_router")
    row, used = rows[0], sessions_of(rows)
    refusal = _device_refusal(row, packet, named, now)
    if refusal:
        return Decision(False, refusal, class_=row.visit_id, gateway_id=row.nas_gateway_id)
    running = _whole_seconds(row.expires_at - now) if row.grant_id else row.policy_seconds
    return answer_for(row, used, named.hex, now, running, "remembered", None, row.visit_id)


def _login_refusal(row: Any, packet: AccessRequest, now: datetime) -> Reason | None:
    """Whose login is it? The walls between venues come before anything else."""
    if row.grant_id is None:
        return "unknown"
    checks: tuple[tuple[bool, Reason], ...] = (
        (row.grant_venue_id != row.nas_venue_id, "other_venue"),
        (row.mac is not None and (packet.mac is None or row.mac != packet.mac.hex), "other_device"),
        (row.revoked_at is not None, "revoked"),
        (row.blocked, "blocked"),
        (row.starts_at > now + CLOCKS_APART, "not_yet"),
        (_whole_seconds(row.expires_at - now) < 1, "expired"),
    )
    return next((reason for against, reason in checks if against), None)


def _stamp_refusal(row: Any, packet: AccessRequest, used: Sequence[Any], now: datetime) -> Reason | None:
    """A login name is for one gateway; it ends with the first session accounted under it, or after 120 seconds."""
    stamp = stamp_of_login(packet.user_name)
    if stamp is None:
        return "no_login"
    made, gateway_id = stamp
    if len({gateway_id, row.nas_gateway_id} - {None}) > 1:
        return "other_gateway"
    age = now.timestamp() - made
    if not -CLOCKS_APART.total_seconds() <= age <= LOGIN_SECONDS:
        return "too_early" if age < 0 else "too_late"
    spent = any(one.session_user == packet.user_name for one in used)
    return "spent" if spent else None


def _device_refusal(row: Any, packet: AccessRequest, named: Mac, now: datetime) -> Reason | None:
    """A MAC is anyone's: it is believed from the router alone, about the device that it is talking to."""
    if packet.mac != named or not is_written_by(row.kind, named, packet.user_name):
        return "not_its_own_mac"
    if not _password_fits(packet.password, named, (row.options or {}).get("mac_password")):
        return "wrong_password"
    if not is_remembered(row, now):
        return "not_remembered"
    if row.blocked:
        return "blocked"
    return "revoked" if row.revoked_at is not None else None


def is_remembered(row: Any, now: datetime) -> bool:
    """The proof is still there, and young enough for the venue that the device came to."""
    if row.remembered_id is None or row.phone is None:
        return False
    return bool(now < row.since + timedelta(days=row.remember_days))


def _password_fits(given: str | None, mac: Mac, configured: str | None) -> bool:
    """Routers send nothing, the MAC again, or one word for all devices; it proves nothing, but a login is no MAC login."""
    if not given or given == configured:
        return True
    try:
        return parse_mac(given) == mac
    except ValueError:
        return False


def answer_for(
    row: Any, used: Sequence[Any], mac: str | None, now: datetime, own_seconds: int, reason: Reason, password: str | None,
    visit_id: str | None,
) -> Decision:  # fmt: skip
    """The least of everything that limits a device; a refusal where one of them leaves nothing."""
    interim = max(row.interim_seconds, LEAST_INTERIM)
    seconds, octets = _left_today(row, used, now)
    closing = next_closing(row.closes_at, row.timezone, now)
    till_closing = _whole_seconds(closing - now) if closing else None
    limits = [own_seconds, row.policy_seconds, seconds, till_closing, row.short_lease_seconds]
    left = min(limit for limit in limits if limit is not None)
    refused: Reason | None = None
    if len(others_online(used, mac, now, interim)) >= row.devices_per_guest:
        refused = "too_many_devices"
    elif left < 1 or (octets is not None and octets < 1):
        refused = "used_up"
    if refused:
        return Decision(False, refused, class_=visit_id, gateway_id=row.nas_gateway_id)
    return Decision(
        True, reason, password, left, row.idle_seconds, row.up_kbps, row.down_kbps, octets, visit_id, interim, row.nas_gateway_id
    )  # fmt: skip


def others_online(used: Sequence[Any], mac: str | None, now: datetime, interim: int) -> set[str]:
    """The guest's other devices that are online: not this one's own session, which its reconnection has ended, nor ghosts."""
    heard_since = now - timedelta(seconds=MISSED_REPORTS * interim)
    online = (one for one in used if one.session_stop is None and one.session_heard > heard_since)
    return {one.session_mac for one in online if one.session_mac not in (None, mac)}


def _left_today(row: Any, used: Sequence[Any], now: datetime) -> tuple[int | None, int | None]:
    """Seconds and octets that a guest's devices may still use today together; None where there is no limit."""
    if not row.day_seconds and not row.day_megabytes:
        return None, None
    reported = (
        Used(one.session_start, one.session_stop or one.session_heard, one.session_length, one.session_octets) for one in used
    )
    seconds, octets = used_since(day_start(row.timezone, now), reported)
    left = row.day_seconds - seconds if row.day_seconds else None
    return left, row.day_megabytes * MEGABYTE - octets if row.day_megabytes else None


def sessions_of(rows: Sequence[Any]) -> list[Any]:
    """Each session once: joins may repeat it."""
    return list({row.session_id: row for row in rows if row.session_id is not None}.values())


def _whole_seconds(left: timedelta) -> int:
    """Rounded down: a router must never keep a device longer than its grant."""
    return int(left.total_seconds())
