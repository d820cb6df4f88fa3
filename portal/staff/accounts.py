"""Logins of the dashboard: made, found, closed; and signing in, with its limits.

Signing in takes two short transactions with the slow comparison between them: argon2 inside one would keep SQLite's only
writer waiting for it, and whoever guesses passwords would slow the guests of the Wi-Fi down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.errors import PortalError
from portal.core.limits import Limit, LimitReached, give_back, peek, take
from portal.core.tokens import Keys
from portal.staff import invitations, passwords, sessions
from portal.staff.models import ROLES, StaffUser

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One counted try to sign in: whose hash to compare with (None for a login that does not exist)."""

    user_id: int | None
    password_hash: str | None
    limits: tuple[Limit, ...]
    counted_at: datetime


def create(
    session: Session,
    organization_id: int,
    email: str,
    name: str,
    role: str,
    password: str | None,
    venue_ids: Sequence[int],
    now: datetime,
) -> tuple[StaffUser, str]:
    """Make a login; without a password one is generated. Returns it with the password, which is stored nowhere.

    `venue_ids` empty means every venue. Raises PortalError `unknown_role`, `email_taken`; ValueError for a bad password.
    """
    if role not in ROLES:
        raise PortalError("unknown_role", role=role)
    if by_email(session, email):
        raise PortalError("email_taken")
    password = password or passwords.generated()
    user = StaffUser(
        organization_id=organization_id, email=_normal(email), name=name, role=role, venue_ids=list(venue_ids),
        password_hash=passwords.hashed(password), created_at=now,
    )  # fmt: skip
    session.add(user)
    session.flush()
    return user, password


def by_email(session: Session, email: str) -> StaffUser | None:
    """The login of an address, written in any case."""
    return session.scalar(select(StaffUser).where(StaffUser.email == _normal(email)))


def everyone(session: Session) -> list[StaffUser]:
    """Every login of the house, for the command line."""
    return list(session.scalars(select(StaffUser).order_by(StaffUser.organization_id, StaffUser.email)))


def reset_password(session: Session, user: StaffUser) -> str:
    """Give a new generated password and sign every browser out. Returns the password."""
    password = passwords.generated()
    user.password_hash = passwords.hashed(password)
    sessions.revoke_all(session, user.id)
    return password


def deactivate(session: Session, user: StaffUser, now: datetime) -> None:
    """Close a login, sign every browser out, end its links; the row stays for the journal."""
    user.active = False
    sessions.revoke_all(session, user.id)
    invitations.void(session, user.id, now)


def begin_sign_in(session: Session, keys: Keys, email: str, address: str, count: int, now: datetime) -> Attempt | LimitReached:
    """Count a try against its login and its address (at most `count` failures of each in 15 minutes)."""
    limits = (_limit(keys, "login", _normal(email), count), _limit(keys, "address", address, count))
    refused = take(session, limits, now)
    if refused:
        return refused
    user = by_email(session, email)
    if user is None or not user.active:
        return Attempt(None, None, limits, now)
    return Attempt(user.id, user.password_hash, limits, now)


def guessed_at(session: Session, keys: Keys, email: str, count: int, now: datetime) -> StaffUser | None:
    """The open login whose own tries are used up: whoever it belongs to should hear of it."""
    user = by_email(session, email)
    if user is None or not user.active or peek(session, _limit(keys, "login", user.email, count), now) < count:
        return None
    return user


def finish_sign_in(session: Session, attempt: Attempt, password: str) -> StaffUser | None:
    """After the password fitted: take the try out of the count, renew an outdated hash. None if closed meanwhile."""
    user = session.get(StaffUser, attempt.user_id)
    if not user or not user.active or user.password_hash != attempt.password_hash:
        return None
    give_back(session, attempt.limits, attempt.counted_at)
    if passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.hashed(password)
    return user


def _limit(keys: Keys, kind: str, value: str, count: int) -> Limit:
    return Limit("sign_in", f"sign-in:{kind}:" + keys.keyed_hash("sign-in", value), count, WINDOW)


def _normal(email: str) -> str:
    return email.strip().lower()
