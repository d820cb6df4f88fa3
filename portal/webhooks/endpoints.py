"""The addresses that an organization has us tell of its new members."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.tokens import random_id
from portal.guests.models import Guest
from portal.webhooks import addresses, signing
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint

MOST = 10  # of one organization
SETTLED = timedelta(minutes=15)  # a guest older than this can no longer be in a transaction that is still open
MISSED = timedelta(days=7)  # who came while an endpoint stood still is told of afterwards, this far back


def add(
    session: Session, organization_id: int, url: str, venue_ids: Sequence[int], with_phone: bool, now: datetime, *, demo: bool
) -> WebhookEndpoint:
    """Make one; it hears of members from now on. Raises PortalError `bad_url`, `too_many_webhooks`."""
    addresses.read(url, demo=demo)
    if len(of_organization(session, organization_id)) >= MOST:
        raise PortalError("too_many_webhooks")
    row = WebhookEndpoint(
        organization_id=organization_id, public_id=random_id(), url=url, secret=signing.new_secret(), with_phone=with_phone,
        venue_ids=list(venue_ids), created_at=now, looked_to=_settled(session, now - SETTLED),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def of_organization(session: Session, organization_id: int) -> list[WebhookEndpoint]:
    """Every one, the oldest first."""
    mine = select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization_id)
    return list(session.scalars(mine.order_by(WebhookEndpoint.id)))


def find(session: Session, organization_id: int, public_id: str) -> WebhookEndpoint | None:
    """One by its id: None for another organization's exactly as for one that does not exist."""
    mine = (WebhookEndpoint.organization_id == organization_id, WebhookEndpoint.public_id == public_id)
    return session.scalar(select(WebhookEndpoint).where(*mine))


def live(session: Session) -> list[WebhookEndpoint]:
    """Every endpoint of the house that is not stopped."""
    return list(session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.stopped_at.is_(None)).order_by(WebhookEndpoint.id)))


def stop(endpoint: WebhookEndpoint, why: str, now: datetime) -> None:
    """Send nothing until somebody lets it go on. `why` is a code: owner, gave_up, gone."""
    if endpoint.stopped_at is None:
        endpoint.stopped_at, endpoint.stopped_why = now, why


def go_on(session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """Send again: what failed, what waited, and who came meanwhile (of the last seven days)."""
    endpoint.stopped_at, endpoint.stopped_why = None, ""
    endpoint.looked_to = max(endpoint.looked_to, _settled(session, now - MISSED))
    in_hand = and_(WebhookDelivery.status == "sending", WebhookDelivery.look_at > now)
    waiting = (WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.status != "done", ~in_hand)
    session.execute(update(WebhookDelivery).where(*waiting).values(status="queued", attempts=0, look_at=now))


def remove(session: Session, endpoint: WebhookEndpoint) -> None:
    """Forget it with its deliveries."""
    session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id))


def move_on(session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """All who came up to a quarter of an hour ago have been looked at: begin after them next time.

    Ids are given before a transaction commits, so of younger guests a lower id may still appear (PostgreSQL).
    """
    endpoint.looked_to = max(endpoint.looked_to, _settled(session, now - SETTLED))


def _settled(session: Session, before: datetime) -> int:
    newest = select(Guest.id).where(Guest.created_at < before).order_by(Guest.id.desc()).limit(1)
    return session.scalar(newest) or 0


def delivery_counts(session: Session, endpoint_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """How many deliveries of each endpoint stand in each state."""
    key = (WebhookDelivery.endpoint_id, WebhookDelivery.status)
    rows = session.execute(select(*key, func.count()).where(WebhookDelivery.endpoint_id.in_(endpoint_ids)).group_by(*key))
    return {(endpoint_id, status): count for endpoint_id, status, count in rows}
