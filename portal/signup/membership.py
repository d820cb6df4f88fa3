"""A new member as the outside is told of one: who came since, and what is said. No phone without the owner's explicit wish."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, Visit
from portal.cards.read import of_guest
from portal.consent import records
from portal.core.phone import phone_from_e164
from portal.core.tokens import Keys
from portal.guests.grounds import KEPT_FIELDS
from portal.guests.models import Guest
from portal.venues.models import Venue
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint

AT_ONCE = 500


def unheard_of(session: Session, endpoint: WebhookEndpoint, kind: str) -> list[int]:
    """Guests that came after the endpoint and have no delivery for it, the oldest first, at most 500.

    It walks the guests by their id from where the endpoint has looked to, so that it is quick without an index of its own.
    """
    told = select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.kind == kind, WebhookDelivery.guest_id == Guest.id
    )
    fresh = (
        Guest.id > endpoint.looked_to, Guest.organization_id == endpoint.organization_id, Guest.created_at >= endpoint.created_at,
    )  # fmt: skip
    query = select(Guest.id).where(*fresh, ~told.exists())
    if endpoint.venue_ids:
        here = select(Visit.id).where(Visit.guest_id == Guest.id, Visit.venue_id.in_(endpoint.venue_ids))
        query = query.where(here.exists())
    return list(session.scalars(query.order_by(Guest.id).limit(AT_ONCE)))


def told_of(session: Session, keys: Keys, guest_id: int, *, with_phone: bool) -> dict[str, Any] | None:
    """The facts of a member; None of one who is gone. The phone only with consent to advertising by SMS in force now."""
    guest = session.get(Guest, guest_id)
    if guest is None:
        return None
    visit, venue, source = _entry(session, guest)
    card = of_guest(session, guest.id)
    given = {one.purpose for one in records.in_force(session, keys, guest.legal_entity_id, phone_from_e164(guest.phone))}
    return {
        "id": guest.public_id,
        "created_at": written(guest.created_at),
        "venue": {"code": venue.code, "name": venue.name} if venue else None,
        "source": {"code": source.code, "label": source.label, "kind": source.kind} if source else None,
        "entry": visit.entry if visit else None,
        "card": card.number if card else None,
        "consents": {purpose: purpose in given for purpose in KEPT_FIELDS},
        "phone": guest.phone if with_phone and "advertising_sms" in given else None,
    }


def envelope(kind: str, facts: dict[str, Any], now: datetime) -> bytes:
    """The body of a message: `type`, `timestamp` and `data`, as Standard Webhooks names them."""
    said = {"type": kind, "timestamp": written(now), "data": facts}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def written(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _entry(session: Session, guest: Guest) -> Sequence[Any]:
    """The visit that made the member, where it was, and the channel that brought it."""
    first = (
        select(Visit, Venue, Source)
        .join(Venue, Venue.id == Visit.venue_id)
        .join(Source, Source.id == Visit.source_id, isouter=True)
        .where(Visit.guest_id == guest.id)
        .order_by(Visit.arrived_at)
        .limit(1)
    )
    return session.execute(first).one_or_none() or (None, None, None)
