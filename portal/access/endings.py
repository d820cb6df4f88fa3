"""Which devices must be put out: revoked grants, and sessions that run on after their grant has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, select
from sqlalchemy.orm import Session

from portal.access import orders
from portal.access.models import AccessGrant, AccountingSession, GatewayOrder
from portal.core.mac import Mac
from portal.gateways.base import GatewaySettings, RouterEntry
from portal.gateways.registry import gateway
from portal.venues.models import GatewayConfig, Venue

BATCH = 200
GRACE = timedelta(seconds=60)  # routers end a session at its Session-Timeout by their own clocks


@dataclass(frozen=True, slots=True)
class Ending:
    """A device to put out: by its grant, or one session of it. `settings` are its gateway's, if it has one."""

    grant: AccessGrant
    reason: str
    settings: GatewaySettings | None
    session_id: int | None = None


def find(session: Session, now: datetime, *, expired_too: bool = True) -> list[Ending]:
    """What has to be put out and has no order yet. `expired_too` also looks through every open session: seldom enough."""
    revoked = _revoked(session, now)
    whole = {ending.grant.id for ending in revoked}
    return [*revoked, *(one for one in _running_on(session, now, expired_too) if one.grant.id not in whole)]


def place(session: Session, endings: Sequence[Ending], now: datetime) -> None:
    """Write their orders; what is already waiting is not written twice."""
    for ending in sorted(endings, key=lambda one: (one.grant.id, one.session_id or 0)):
        text = _entry(ending, now)
        orders.place_once(
            session, ending.grant, ending.reason, now,
            entry=text or "", session_id=ending.session_id, fetched=text is not None,
        )  # fmt: skip


def settings_of(config: GatewayConfig | None, venue_code: str) -> GatewaySettings | None:
    """A gateway as its module takes it."""
    if config is None:
        return None
    return GatewaySettings(config.kind, config.base_url, config.secret, venue_code, config.options, config.script_key)


def _revoked(session: Session, now: datetime) -> list[Ending]:
    ordered = exists().where(
        GatewayOrder.grant_id == AccessGrant.id, GatewayOrder.verb == "put_out", GatewayOrder.session_id.is_(None)
    )
    found = (
        select(AccessGrant, GatewayConfig, Venue.code)
        .join(GatewayConfig, GatewayConfig.id == AccessGrant.gateway_id)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .where(
            AccessGrant.revoked_at.is_not(None),
            AccessGrant.put_out_at.is_(None),
            AccessGrant.expires_at > now,
            ~ordered,
            ~orders.let_in_again(),
        )
        .limit(BATCH)
    )
    return [
        Ending(grant, grant.revoked_reason or "", settings_of(config, code)) for grant, config, code in session.execute(found)
    ]


def _running_on(session: Session, now: datetime, expired_too: bool) -> list[Ending]:
    """Open sessions of ended grants that nobody is putting out, or that were heard of again after they were."""
    ended: ColumnElement[bool] = and_(AccessGrant.revoked_at.is_not(None), AccessGrant.expires_at > now)
    if expired_too:
        ended = or_(ended, AccessGrant.expires_at <= now - GRACE)
    pursued = exists().where(
        GatewayOrder.grant_id == AccountingSession.grant_id,
        or_(GatewayOrder.session_id.is_(None), GatewayOrder.session_id == AccountingSession.id),
        GatewayOrder.verb == "put_out",
        or_(GatewayOrder.state == "waiting", GatewayOrder.done_at >= AccountingSession.updated_at),
    )
    found = (
        select(AccessGrant, AccountingSession.id, GatewayConfig, Venue.code)
        .join_from(AccountingSession, AccessGrant, AccessGrant.id == AccountingSession.grant_id)
        .join(GatewayConfig, GatewayConfig.id == AccessGrant.gateway_id, isouter=True)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .where(AccountingSession.stopped_at.is_(literal_column("NULL")), ended, ~pursued)
        .limit(BATCH)
    )
    rows: Any = session.execute(found)
    return [
        Ending(grant, grant.revoked_reason or "expired", settings_of(config, code), number)
        for grant, number, config, code in rows
    ]


def _entry(ending: Ending, now: datetime) -> str | None:
    """The line for a router that fetches; None where we go to the router."""
    if ending.settings is None or not ending.grant.mac:
        return None
    outcome = gateway(ending.settings.kind).put_out(ending.settings, Mac(ending.grant.mac), now)
    return outcome.text if isinstance(outcome, RouterEntry) else None
