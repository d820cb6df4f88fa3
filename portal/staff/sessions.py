"""Signed-in browsers: a row each, found by the hash of a random token, revoked one by one."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.core.tokens import sha256_hex
from portal.staff.models import StaffSession, StaffUser

IDLE = timedelta(days=7)
LIFE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)


def start(session: Session, user: StaffUser, user_agent: str, ip: str, now: datetime) -> tuple[StaffSession, str]:
    """Sign a browser in. Returns its row and its token: 256 random bits, new at every sign-in, stored only as a hash."""
    token = secrets.token_urlsafe(32)
    row = StaffSession(
        staff_user_id=user.id, token_hash=sha256_hex(token.encode()), user_agent=user_agent[:200], ip=ip[:45],
        created_at=now, seen_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()  # its id names it in the list
    return row, token


def find(session: Session, token: str, now: datetime) -> tuple[StaffUser, StaffSession] | None:
    """Who holds a token: None if it was revoked, lay idle for 7 days, is 30 days old, or the login is closed."""
    row = session.execute(
        select(StaffUser, StaffSession)
        .join(StaffSession, StaffSession.staff_user_id == StaffUser.id)
        .where(
            StaffSession.token_hash == sha256_hex(token.encode()),
            StaffSession.seen_at > now - IDLE,
            StaffSession.created_at > now - LIFE,
            StaffUser.active.is_(True),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None


def is_due(row: StaffSession, now: datetime) -> bool:
    """True when the time of the last sign of life is old enough to be written again."""
    return now - row.seen_at > SEEN_EVERY


def touch(session: Session, session_id: int, now: datetime) -> None:
    """Write that a browser was seen now."""
    row = session.get(StaffSession, session_id)
    if row:
        row.seen_at = now


def revoke_others(session: Session, user_id: int, kept_id: int) -> int:
    """Sign every browser of this person out but one. Returns how many."""
    others = delete(StaffSession).where(StaffSession.staff_user_id == user_id, StaffSession.id != kept_id)
    return session.connection().execute(others).rowcount


def forget_old(session: Session, now: datetime) -> int:
    """Delete sessions that are over, and with them their addresses and browsers. Returns how many."""
    over = (StaffSession.seen_at <= now - IDLE) | (StaffSession.created_at <= now - LIFE)
    return session.connection().execute(delete(StaffSession).where(over)).rowcount


def list_for(session: Session, user_id: int, now: datetime) -> list[StaffSession]:
    """A person's live sessions, the latest seen first."""
    return list(
        session.scalars(
            select(StaffSession)
            .where(StaffSession.staff_user_id == user_id, StaffSession.seen_at > now - IDLE, StaffSession.created_at > now - LIFE)
            .order_by(StaffSession.seen_at.desc())
        )
    )


def revoke(session: Session, user_id: int, session_id: int) -> bool:
    """Sign one browser of this person out. False when the session is not theirs or does not exist."""
    found = session.connection().execute(
        delete(StaffSession).where(StaffSession.id == session_id, StaffSession.staff_user_id == user_id)
    )
    return found.rowcount == 1


def revoke_all(session: Session, user_id: int) -> int:
    """Sign every browser of this person out. Returns how many."""
    return session.connection().execute(delete(StaffSession).where(StaffSession.staff_user_id == user_id)).rowcount


def revoke_token(session: Session, token: str) -> None:
    """Sign out the browser that holds this token."""
    session.connection().execute(delete(StaffSession).where(StaffSession.token_hash == sha256_hex(token.encode())))
