"""Telling gateways to close devices whose grant was revoked: the grant's row is the outbox, swept until confirmed."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
from sqlalchemy import Exists, exists, select, update
from sqlalchemy.orm import Session, aliased

from portal.access.models import AccessGrant
from portal.core.db import Database, refuse_inside_transaction
from portal.core.mac import Mac
from portal.gateways.base import ApiCall, GatewaySettings, Outcome
from portal.gateways.registry import gateway
from portal.venues.models import GatewayConfig, Venue

BATCH = 50
ROUND_SECONDS = 2.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closing:
    """One revoked grant and the call that closes its device."""

    grant_id: int
    visit_id: str
    settings: GatewaySettings
    outcome: Outcome


def put_out_revoked(database: Database, now: datetime) -> int:
    """Call the gateways of revoked, unexpired grants; returns how many confirmed. A failed call is tried again."""
    with database.reading() as session:
        due = _due(session, now)
    done = [closing.grant_id for closing in due if _confirmed(closing)]
    if done:
        with database.writing() as session:
            session.execute(update(AccessGrant).where(AccessGrant.id.in_(done)).values(put_out_at=now))
    return len(done)


def keep_putting_out(database: Database, clock: Callable[[], datetime], stop: threading.Event) -> None:
    """A round every two seconds until told to stop, apart from the SMS: a dead gateway takes seconds to fail."""
    while not stop.wait(ROUND_SECONDS):
        try:
            put_out_revoked(database, clock())
        except Exception:  # one bad round must not leave devices online for ever
            log.exception("revoked devices could not be put out")


def _due(session: Session, now: datetime) -> list[Closing]:
    found = session.execute(
        select(AccessGrant, GatewayConfig, Venue.code)
        .join(GatewayConfig, GatewayConfig.id == AccessGrant.gateway_id)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .where(
            AccessGrant.revoked_at.is_not(None),
            AccessGrant.put_out_at.is_(None),
            AccessGrant.expires_at > now,
            AccessGrant.mac.is_not(None),
            ~_let_in_again(),
        )
        .limit(BATCH)
    )
    return [_closing(grant, config, code, now) for grant, config, code in found]


def _closing(grant: AccessGrant, config: GatewayConfig, venue_code: str, now: datetime) -> Closing:
    settings = GatewaySettings(config.kind, config.base_url, config.secret, venue_code, config.options, config.script_key)
    return Closing(grant.id, grant.visit_id, settings, gateway(config.kind).put_out(settings, Mac(grant.mac or ""), now))


def _let_in_again() -> Exists:
    """The device has a newer grant: closing it now would end that one."""
    newer = aliased(AccessGrant)
    return exists().where(
        newer.venue_id == AccessGrant.venue_id,
        newer.mac == AccessGrant.mac,
        newer.id > AccessGrant.id,
        newer.revoked_at.is_(None),
    )


def _confirmed(closing: Closing) -> bool:
    refuse_inside_transaction()
    if not isinstance(closing.outcome, ApiCall):
        return False
    with requests.Session() as http:
        result = gateway(closing.settings.kind).carry_out(closing.settings, closing.outcome, http)
    log.info("gateway closes a device", extra={"trace": closing.visit_id, "done": result.done, "said": result.said})
    return result.done
