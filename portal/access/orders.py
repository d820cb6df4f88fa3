"""What gateways still have to do about devices: rows that a worker or the router itself takes, tries again and settles."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, CursorResult, Table, exists, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session, aliased

from portal.access.models import OF_GRANT, OF_SESSION, AccessGrant, GatewayOrder

Verb = Literal["let_in", "put_out", "change"]
State = Literal["done", "failed", "expired"]
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 15, 60, 300))
LEASE = timedelta(seconds=30)  # longer than any talk: what a killed worker had in hand is taken up again after it
PATIENCE = timedelta(hours=24)  # how long an order without an end of its own is tried
MAX_SAID = 80
_TABLE: Table = GatewayOrder.__table__  # type: ignore[assignment]
_IS_WAITING = _TABLE.c.state == literal_column("'waiting'")  # no parameter: the partial indexes would not be used


def place(
    session: Session,
    grant: AccessGrant,
    verb: Verb,
    reason: str,
    now: datetime,
    *,
    entry: str = "",
    session_id: int | None = None,
    expires_at: datetime | None = None,
    fetched: bool = False,
) -> int:
    """Write an order and return its id; the same one again, still waiting, takes the newer words and starts anew.

    `fetched`: the router comes for it, so it is never due for a worker. `session_id` narrows it to one accounted session.
    Without `expires_at` it holds as long as the grant, or 24 hours for a grant that is over.
    """
    insert, by, fresh = _order(session, grant, verb, reason, now, entry, session_id, expires_at, fetched)
    renewed = insert.on_conflict_do_update(**by, set_=fresh).returning(_TABLE.c.id)
    return session.connection().execute(renewed).scalar_one()


def place_once(
    session: Session, grant: AccessGrant, reason: str, now: datetime, *, entry: str, session_id: int | None, fetched: bool
) -> None:
    """Order a put-out unless one is waiting: that one may be in hand just now, and is left alone."""
    insert, by, _fresh = _order(session, grant, "put_out", reason, now, entry, session_id, None, fetched)
    session.connection().execute(insert.on_conflict_do_nothing(**by))


def _order(
    session: Session,
    grant: AccessGrant,
    verb: Verb,
    reason: str,
    now: datetime,
    entry: str,
    session_id: int | None,
    expires_at: datetime | None,
    fetched: bool,
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The INSERT, the index that holds it unique, and the values that a repetition brings."""
    ends = expires_at or (grant.expires_at if grant.expires_at > now else now + PATIENCE)
    fresh = {"reason": reason[:30], "entry": entry, "attempts": 0, "next_at": ends if fetched else now, "expires_at": ends}
    belongs = {"organization_id": grant.organization_id, "venue_id": grant.venue_id, "gateway_id": grant.gateway_id}
    key = {"verb": verb, "grant_id": grant.id, "session_id": session_id}
    insert = (sqlite_insert if session.get_bind().dialect.name == "sqlite" else pg_insert)(_TABLE)
    column, once = (_TABLE.c.grant_id, OF_GRANT) if session_id is None else (_TABLE.c.session_id, OF_SESSION)
    by = {"index_elements": [column, _TABLE.c.verb], "index_where": text(once)}
    return insert.values(**key, **belongs, **fresh, state="waiting", said="", created_at=now), by, fresh


def waiting(session: Session, gateway_id: int, verb: Verb, now: datetime, limit: int) -> list[GatewayOrder]:
    """What a router that fetches has to do, newest first; nobody is let in whose access has ended meanwhile."""
    found = select(GatewayOrder).where(
        GatewayOrder.gateway_id == gateway_id,
        GatewayOrder.verb == verb,
        _IS_WAITING,
        GatewayOrder.expires_at > now,
    )
    if verb == "let_in":
        ended = or_(AccessGrant.revoked_at.is_not(None), AccessGrant.expires_at <= now)
        found = found.where(~exists().where(AccessGrant.id == GatewayOrder.grant_id, ended))
    return list(session.scalars(found.order_by(GatewayOrder.id.desc()).limit(limit)))


def latest(session: Session, *which: ColumnElement[bool], limit: int = 10) -> list[GatewayOrder]:
    """The newest put-outs and changes, for the owner's and the staff's eyes."""
    found = select(GatewayOrder).where(GatewayOrder.verb != "let_in", *which)
    return list(session.scalars(found.order_by(GatewayOrder.id.desc()).limit(limit)))


def settle(
    session: Session, ids: Sequence[int], state: State, said: str, now: datetime, *, held_until: datetime | None = None
) -> int:
    """End waiting orders; returns how many. A device that is off for good is marked so on its grant.

    `held_until` is an order's `next_at` as `claim` gave it: one that was placed anew meanwhile is still to be done.
    """
    unchanged = [] if held_until is None else [_TABLE.c.next_at == held_until]
    ended = (
        update(_TABLE)
        .where(_TABLE.c.id.in_(ids), _IS_WAITING, *unchanged)
        .values(state=state, said=said[:MAX_SAID], done_at=now)
        .returning(_TABLE.c.grant_id, _TABLE.c.verb)
    )
    rows = session.connection().execute(ended).all()
    off = [row.grant_id for row in rows if row.verb == "put_out"]
    if off and state == "done":
        revoked = (AccessGrant.revoked_at.is_not(None), AccessGrant.put_out_at.is_(None))
        session.execute(update(AccessGrant).where(AccessGrant.id.in_(off), *revoked).values(put_out_at=now))
    return len(rows)


def due_gateways(session: Session, now: datetime, verbs: Collection[Verb]) -> list[tuple[int, int | None]]:
    """Venue and gateway of everything that a worker has to do now."""
    found = select(GatewayOrder.venue_id, GatewayOrder.gateway_id).where(*_is_due(now, verbs)).distinct()
    return [(venue_id, gateway_id) for venue_id, gateway_id in session.execute(found)]


def claim(
    session: Session,
    now: datetime,
    *,
    verbs: Collection[Verb],
    of: tuple[int, int | None] | None = None,
    lease: timedelta = LEASE,
    limit: int = 1,
) -> list[GatewayOrder]:
    """Take due orders (`of`: this venue and gateway) in hand, least tried first: no other worker gets them for `lease`."""
    found = select(GatewayOrder.id).where(*_is_due(now, verbs)).order_by(GatewayOrder.attempts, GatewayOrder.id).limit(limit)
    if of is not None:
        found = found.where(*_of(of))
    ids = list(session.scalars(found.with_for_update(skip_locked=True)))
    if not ids:
        return []
    mine = update(GatewayOrder).where(GatewayOrder.id.in_(ids)).values(next_at=now + lease, attempts=GatewayOrder.attempts + 1)
    return list(session.scalars(mine.returning(GatewayOrder), execution_options={"populate_existing": True}))


def again(session: Session, order: GatewayOrder, said: str, now: datetime, at: datetime | None = None) -> datetime:
    """Put an order in hand off until `at`, or by how often it was tried; returns until when."""
    then = at or now + BACK_OFF[min(order.attempts, len(BACK_OFF)) - 1]
    mine = (GatewayOrder.id == order.id, _IS_WAITING)
    session.execute(update(GatewayOrder).where(*mine).values(next_at=then, said=said[:MAX_SAID]))
    return then


def hold_others(session: Session, order: GatewayOrder, now: datetime, until: datetime) -> None:
    """A gateway that does not answer is asked once, not once for each of its orders."""
    due = _is_due(now, ("put_out", "change"))
    session.execute(update(GatewayOrder).where(*due, *_of((order.venue_id, order.gateway_id))).values(next_at=until))


def expire(session: Session, now: datetime) -> int:
    """End what nobody did in time."""
    over = update(_TABLE).where(_IS_WAITING, _TABLE.c.expires_at <= now)
    ended = session.connection().execute(over.values(state="expired", done_at=now))
    return cast(CursorResult[Any], ended).rowcount


def let_in_again(grant: Any = AccessGrant) -> ColumnElement[bool]:
    """The device has a newer grant: closing it by its MAC now would end that one."""
    newer = aliased(AccessGrant)
    return exists().where(
        newer.venue_id == grant.venue_id, newer.mac == grant.mac, newer.id > grant.id, newer.revoked_at.is_(None)
    )


def _is_due(now: datetime, verbs: Collection[Verb]) -> tuple[ColumnElement[bool], ...]:
    return (
        _IS_WAITING,
        GatewayOrder.next_at <= now,
        GatewayOrder.expires_at > now,
        GatewayOrder.verb.in_(verbs),
    )


def _of(place: tuple[int, int | None]) -> tuple[ColumnElement[bool], ...]:
    venue_id, gateway_id = place
    return (GatewayOrder.venue_id == venue_id, GatewayOrder.gateway_id.is_not_distinct_from(gateway_id))
