"""What is known at the moment a router asks: the router, its venue's policy, the grant or the device, its sessions.

One statement each, of joins only: a row per session, so that everything else is arithmetic in `authorization`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.access.models import AccessBlock, AccessGrant, AccountingSession, Identification, RememberedDevice
from portal.core.db import UtcDateTime
from portal.core.glances import Reader
from portal.core.statements import Statement
from portal.venues.models import GatewayConfig, Nas, Venue, WifiPolicy

LONGEST_GRANT = timedelta(days=8)  # a policy allows seven
LONGEST_DAY = timedelta(hours=26)  # a local day with the clock set back


def of_login(session: Reader, nas_name: str, grant_name: str, mac: str | None, now: datetime) -> list[Any]:
    """Rows for a grant's user name; no row for an unknown router, `grant_id` None for an unknown name."""
    return _LOGIN.rows(session, _moments(now) | {"nas": nas_name, "grant_name": grant_name, "mac": mac})


def of_device(session: Reader, nas_name: str, mac: str, now: datetime) -> list[Any]:
    """Rows for a device without a login; no row for an unknown router, `remembered_id` None for a stranger."""
    return _DEVICE.rows(session, _moments(now) | {"nas": nas_name, "mac": mac})


def at_venue(session: Session, venue_id: int, mac: str, now: datetime) -> Any:
    """The same row of a device, without its sessions, where a browser asks; None for a venue that is not there."""
    return _AT_VENUE.first(session, {"venue": venue_id, "mac": mac, "now": now})


def _moments(now: datetime) -> dict[str, Any]:
    return {"now": now, "granted_since": now - LONGEST_GRANT, "heard_since": now - LONGEST_DAY}


_MAC, _NOW = bindparam("mac", type_=String), bindparam("now", type_=UtcDateTime)
_OWN, _OTHER, _GRANT = aliased(Identification), aliased(Identification), aliased(AccessGrant)
_NAS = (Nas.gateway_id.label("nas_gateway_id"), Nas.short_lease_seconds)
_POLICY = (
    Venue.id.label("venue_id"),
    Venue.timezone,
    WifiPolicy.session_seconds.label("policy_seconds"),
    WifiPolicy.closes_at,
    WifiPolicy.day_seconds,
    WifiPolicy.day_megabytes,
    WifiPolicy.interim_seconds,
    WifiPolicy.devices_per_guest,
)
_SESSION = (
    AccountingSession.id.label("session_id"),
    AccountingSession.user_name.label("session_user"),
    AccountingSession.mac.label("session_mac"),
    AccountingSession.started_at.label("session_start"),
    AccountingSession.updated_at.label("session_heard"),
    AccountingSession.stopped_at.label("session_stop"),
    AccountingSession.session_seconds.label("session_length"),
    (AccountingSession.input_octets + AccountingSession.output_octets).label("session_octets"),
)


def _blocked(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """A block of the device, or of the phone it was proven with, is in force."""
    mine = or_(AccessBlock.mac == _MAC, AccessBlock.phone == _OWN.phone, *more)
    entity = AccessBlock.legal_entity_id == Venue.legal_entity_id
    return select(AccessBlock.id).where(entity, AccessBlock.ended_at.is_(None), mine).exists()


def _with_others(query: Select[Any]) -> Select[Any]:
    """Join the grants of the same phone at this venue: of the last days, as older ones have no session today."""
    same = and_(_OTHER.phone == _OWN.phone, _OTHER.venue_id == Venue.id, _OTHER.proven_at > bindparam("granted_since"))
    return query.outerjoin(_OTHER, same).outerjoin(_GRANT, _GRANT.identification_id == _OTHER.id)


def _login() -> Select[Any]:
    """A voucher has no phone: the grants of the same voucher stand for it."""
    voucher = aliased(AccessGrant)
    grant = AccessGrant
    columns: tuple[Any, ...] = (
        Nas.venue_id.label("nas_venue_id"), *_NAS, *_POLICY,
        grant.id.label("grant_id"), grant.venue_id.label("grant_venue_id"), grant.gateway_id, grant.visit_id, grant.password,
        grant.mac, grant.session_seconds, grant.idle_seconds, grant.down_kbps, grant.up_kbps, grant.starts_at,
        grant.expires_at, grant.revoked_at, _blocked(AccessBlock.mac == grant.mac).label("blocked"), *_SESSION,
    )  # fmt: skip
    query: Select[Any] = select(*columns).select_from(Nas).join(Venue, Venue.id == Nas.venue_id)
    query = query.join(WifiPolicy, WifiPolicy.venue_id == Nas.venue_id).where(Nas.name == bindparam("nas"))
    query = query.outerjoin(grant, grant.user_name == bindparam("grant_name")).outerjoin(_OWN, _OWN.id == grant.identification_id)
    query = _with_others(query).outerjoin(voucher, voucher.voucher_id == grant.voucher_id)
    mine = AccountingSession.grant_id == func.coalesce(_GRANT.id, voucher.id, grant.id)
    return query.outerjoin(AccountingSession, and_(mine, AccountingSession.updated_at > bindparam("heard_since")))


def _accounted() -> ColumnElement[bool]:
    """A router that was told the MAC by the browser has since seen it itself: it accounted a session of that proof."""
    grant, accounted = aliased(AccessGrant), aliased(AccountingSession)
    seen = select(accounted.id).join(grant, grant.id == accounted.grant_id)
    return seen.where(grant.identification_id == RememberedDevice.identification_id, accounted.mac == _MAC).exists()


def _known() -> Select[Any]:
    """A venue with what it knows of a device: the newest proof that still counts, the newest grant that still runs."""
    here = or_(
        RememberedDevice.venue_id == Venue.id,
        and_(RememberedDevice.everywhere, WifiPolicy.remember_everywhere),
    )
    proof = (
        select(RememberedDevice.id)
        .where(
            RememberedDevice.mac == _MAC, RememberedDevice.legal_entity_id == Venue.legal_entity_id,
            RememberedDevice.ended_at.is_(None), RememberedDevice.until > _NOW, here,
            or_(RememberedDevice.vouched, _accounted()),
        )
        .order_by(RememberedDevice.since.desc(), RememberedDevice.id.desc())
        .limit(1)
        .correlate(Venue, WifiPolicy)
        .scalar_subquery()
    )  # fmt: skip
    newest = (
        select(AccessGrant.id)
        .where(AccessGrant.venue_id == Venue.id, AccessGrant.mac == _MAC, AccessGrant.expires_at > _NOW)
        .order_by(AccessGrant.id.desc())
        .limit(1)
        .correlate(Venue)
        .scalar_subquery()
    )
    running = aliased(AccessGrant)
    columns: tuple[Any, ...] = (
        *_POLICY, Venue.organization_id, WifiPolicy.remember_days, WifiPolicy.idle_seconds, WifiPolicy.down_kbps,
        WifiPolicy.up_kbps, RememberedDevice.id.label("remembered_id"), RememberedDevice.since, _OWN.phone,
        RememberedDevice.identification_id,
        running.id.label("grant_id"), running.visit_id, running.expires_at, running.revoked_at, running.revoked_reason,
        _blocked().label("blocked"),
    )  # fmt: skip
    query: Select[Any] = select(*columns).select_from(Venue).join(WifiPolicy, WifiPolicy.venue_id == Venue.id)
    query = query.outerjoin(RememberedDevice, RememberedDevice.id == proof)
    query = query.outerjoin(_OWN, _OWN.id == RememberedDevice.identification_id)
    return query.outerjoin(running, running.id == newest)


def _device() -> Select[Any]:
    query = _with_others(_known()).join(Nas, Nas.venue_id == Venue.id).where(Nas.name == bindparam("nas"))
    query = query.outerjoin(GatewayConfig, GatewayConfig.id == Nas.gateway_id)
    of_phone = and_(AccountingSession.grant_id == _GRANT.id, AccountingSession.updated_at > bindparam("heard_since"))
    query = query.outerjoin(AccountingSession, of_phone)
    return query.add_columns(*_NAS, GatewayConfig.kind, GatewayConfig.options, *_SESSION)


_LOGIN, _DEVICE = Statement(_login()), Statement(_device())
_AT_VENUE = Statement(_known().where(Venue.id == bindparam("venue")))
