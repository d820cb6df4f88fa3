"""What routers report of sessions: stored once however often it is sent, in whatever order it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant, AccountingSession
from portal.access.nas import KnownNas
from portal.access.packets import AccountingReport

RESTARTED = "NAS-Reboot"  # RFC 2866 §5.10, value 11
_ROW: Table = AccountingSession.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Applied:
    """`visit_id` is the public id of the visit behind the session, None for a user we gave no grant.

    `came_online` is True when this is the first that was heard of the session; `at` is when it was so.
    """

    visit_id: str | None
    came_online: bool
    at: datetime


def apply(session: Session, nas: KnownNas, packet: AccountingReport, now: datetime) -> Applied:
    """Store one report: one row per router, session id and user; counters only grow; a Stop is never undone.

    Accounting-On and -Off close what the router had open before it restarted.
    """
    at = now - timedelta(seconds=packet.delay_seconds)
    if packet.status in ("Accounting-On", "Accounting-Off"):
        _close_open(session, nas, at)
        return Applied(None, False, at)
    grant_id, visit_id, known = _grant_of(session, nas, packet)
    session.connection().execute(_upsert(session.get_bind().dialect.name), _values(nas, packet, grant_id, at))
    began = at - timedelta(seconds=packet.session_seconds)
    return Applied(visit_id, visit_id is not None and not known, began)


def _grant_of(session: Session, nas: KnownNas, packet: AccountingReport) -> tuple[int | None, str | None, bool]:
    """The grant of this user at this venue, its visit, and whether the session has a row already."""
    named = {
        "nas_id": nas.id,
        "venue_id": nas.venue_id,
        "acct_session_id": packet.acct_session_id,
        "user_name": packet.user_name,
    }
    row = session.execute(_GRANT, named).one_or_none()
    return (row[0], row[1], row[2] is not None) if row else (None, None, False)


_KNOWN = select(AccountingSession.id).where(
    AccountingSession.nas_id == bindparam("nas_id"),
    AccountingSession.acct_session_id == bindparam("acct_session_id"),
    AccountingSession.user_name == bindparam("user_name"),
)
_GRANT = select(AccessGrant.id, AccessGrant.visit_id, _KNOWN.scalar_subquery()).where(
    AccessGrant.user_name == bindparam("user_name"), AccessGrant.venue_id == bindparam("venue_id")
)


def _values(nas: KnownNas, packet: AccountingReport, grant_id: int | None, at: datetime) -> dict[str, Any]:
    stopped = packet.status == "Stop"
    return {
        "organization_id": nas.organization_id,
        "venue_id": nas.venue_id,
        "nas_id": nas.id,
        "acct_session_id": packet.acct_session_id,
        "user_name": packet.user_name,
        "grant_id": grant_id,
        "mac": packet.mac.hex if packet.mac else None,
        "ip": packet.ip,
        "started_at": at - timedelta(seconds=packet.session_seconds),
        "updated_at": at,
        "stopped_at": at if stopped else None,
        "session_seconds": packet.session_seconds,
        "input_octets": packet.input_octets,
        "output_octets": packet.output_octets,
        "terminate_cause": packet.terminate_cause if stopped else None,
    }


@cache
def _upsert(dialect: str) -> Any:
    """INSERT … ON CONFLICT: two copies of a packet at once meet in one row on both databases."""
    insert = (sqlite_insert if dialect == "sqlite" else pg_insert)(_ROW)
    new, old = insert.excluded, _ROW.c
    alive_again = and_(old.terminate_cause == RESTARTED, new.stopped_at.is_(None), new.updated_at > old.stopped_at)
    changes: dict[str, ColumnElement[Any]] = {
        "grant_id": func.coalesce(old.grant_id, new.grant_id),
        "mac": func.coalesce(old.mac, new.mac),
        "ip": func.coalesce(new.ip, old.ip),
        "started_at": case((new.started_at < old.started_at, new.started_at), else_=old.started_at),
        "stopped_at": case((alive_again, None), else_=func.coalesce(old.stopped_at, new.stopped_at)),
        "terminate_cause": case((alive_again, None), else_=func.coalesce(old.terminate_cause, new.terminate_cause)),
    }
    for name in ("updated_at", "session_seconds", "input_octets", "output_octets"):
        changes[name] = case((new[name] > old[name], new[name]), else_=old[name])
    return insert.on_conflict_do_update(index_elements=[old.nas_id, old.acct_session_id, old.user_name], set_=changes)


def _close_open(session: Session, nas: KnownNas, at: datetime) -> None:
    """Close only what was last heard of before the restart: the packet itself may come late or twice."""
    session.connection().execute(
        update(_ROW)
        .where(_ROW.c.nas_id == nas.id, _ROW.c.stopped_at.is_(None), _ROW.c.updated_at <= at)
        .values(stopped_at=at, terminate_cause=RESTARTED)
    )
