"""Deliveries: queued → sending → done, or queued again until patience ends → failed.

A delivery leaves the house at least once: a worker that dies while it talks leaves a lease that runs out, and the next try
carries the same id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.core.tokens import random_id
from portal.webhooks import endpoints
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.posting import GONE, Reply

KIND = "member.created"
LEASE = timedelta(seconds=60)  # longer than a talk can last
# Waits after the first, second, … failed try: three days and a few hours in all (Standard Webhooks 1.0's schedule).
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)  # fmt: skip
HOLD = timedelta(minutes=5)  # what else waits for a silent receiver is not tried before
KEPT = timedelta(days=30)


def queue(session: Session, endpoint: WebhookEndpoint, guest_ids: Sequence[int], now: datetime) -> None:
    """A delivery for each guest, to be sent at once."""
    session.add_all(
        WebhookDelivery(
            organization_id=endpoint.organization_id, endpoint_id=endpoint.id, guest_id=guest_id, public_id=random_id(),
            kind=KIND, created_at=now, look_at=now,
        )
        for guest_id in guest_ids
    )  # fmt: skip
    session.flush()


def due_endpoints(session: Session, now: datetime) -> list[int]:
    """Ids of the live endpoints that have something to send."""
    due = (WebhookDelivery.look_at <= now, WebhookEndpoint.stopped_at.is_(None))
    joined = select(WebhookDelivery.endpoint_id).join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    return list(session.scalars(joined.where(*due).distinct()))


def claim(session: Session, endpoint_id: int, now: datetime) -> tuple[WebhookDelivery, WebhookEndpoint] | None:
    """Take the oldest due delivery of an endpoint in hand; None when there is none, or another worker was quicker."""
    due = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.look_at <= now, WebhookEndpoint.stopped_at.is_(None))
    joined = select(WebhookDelivery, WebhookEndpoint).join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    found = session.execute(joined.where(*due).order_by(WebhookDelivery.look_at, WebhookDelivery.id).limit(1)).one_or_none()
    if found is None:
        return None
    row: WebhookDelivery = found[0]
    unchanged = (WebhookDelivery.id == row.id, WebhookDelivery.look_at == row.look_at)
    taken = {"status": "sending", "attempts": row.attempts + 1, "look_at": now + LEASE}
    if session.execute(update(WebhookDelivery).where(*unchanged).values(taken)).rowcount == 0:  # type: ignore[attr-defined]
        return None
    session.refresh(row)
    return row, found[1]


def settle(session: Session, delivery_id: int, reply: Reply, now: datetime) -> WebhookEndpoint | None:
    """Write what came of a try. Returns the endpoint if it was stopped by this; a delivery that is gone stays gone."""
    row = session.get(WebhookDelivery, delivery_id)
    if row is None:
        return None
    row.http_status, row.error = reply.status, reply.error or None
    if reply.taken:
        row.status, row.look_at, row.done_at = "done", None, now
        return None
    endpoint = session.get_one(WebhookEndpoint, row.endpoint_id)
    if reply.status == GONE or row.attempts > len(WAITS):
        row.status, row.look_at = "failed", None
        endpoints.stop(endpoint, "gone" if reply.status == GONE else "gave_up", now)
        return endpoint
    wait = WAITS[max(row.attempts, 1) - 1]
    row.status, row.look_at = "queued", now + wait
    _hold_others(session, row, now + min(wait, HOLD))
    return None


def forget_done(session: Session, now: datetime) -> None:
    """Deliveries that arrived more than 30 days ago. What the endpoint has looked at stays known by `looked_to`."""
    old = (WebhookDelivery.status == "done", WebhookDelivery.done_at < now - KEPT)
    session.execute(delete(WebhookDelivery).where(*old).execution_options(synchronize_session=False))


def latest(session: Session, endpoint_id: int, count: int = 50) -> list[WebhookDelivery]:
    """The newest deliveries of an endpoint."""
    mine = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    return list(session.scalars(mine.order_by(WebhookDelivery.id.desc()).limit(count)))


def _hold_others(session: Session, row: WebhookDelivery, until: datetime) -> None:
    others = (
        WebhookDelivery.endpoint_id == row.endpoint_id, WebhookDelivery.id != row.id, WebhookDelivery.status == "queued",
        WebhookDelivery.look_at < until,
    )  # fmt: skip
    session.execute(update(WebhookDelivery).where(*others).values(look_at=until))
