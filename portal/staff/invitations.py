"""Links by e-mail that set a password: one for a newcomer, one for who forgot. Each is good once and for a time.

The link's token is derived from the row by the house's key: neither the database nor a backup of it holds a working link.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from portal.core.tokens import Keys, random_id
from portal.staff import sessions
from portal.staff.models import StaffInvitation, StaffUser

LIVES = {"invite": timedelta(days=7), "reset": timedelta(hours=1)}
KEPT = timedelta(days=30)  # of a link that is over
_ID = 22  # characters of `random_id`


@dataclass(frozen=True, slots=True)
class Invited:
    """A link that is still good, and whose it is."""

    invitation: StaffInvitation
    user: StaffUser


def write(session: Session, user: StaffUser, kind: str, now: datetime) -> StaffInvitation:
    """A new link in place of those of the same kind that were not used."""
    void(session, user.id, now, kind)
    invitation = StaffInvitation(
        staff_user_id=user.id, kind=kind, public_id=random_id(), created_at=now, expires_at=now + LIVES[kind]
    )
    session.add(invitation)
    session.flush()
    return invitation


def void(session: Session, user_id: int, now: datetime, kind: str | None = None) -> None:
    """End every link of a person that is still good."""
    mine = (StaffInvitation.staff_user_id == user_id, StaffInvitation.used_at.is_(None), StaffInvitation.expires_at > now)
    of_kind = (StaffInvitation.kind == kind,) if kind else ()
    session.execute(update(StaffInvitation).where(*mine, *of_kind).values(expires_at=now))


def token_of(keys: Keys, invitation: StaffInvitation) -> str:
    """What stands in the link: the row's public id and its proof, 66 characters."""
    return invitation.public_id + _proof(keys.derive("staff-invitation")[0], invitation)


def find(session: Session, keys: Keys, token: str, now: datetime) -> Invited | None:
    """The link of a token: None for one that is used, too old, changed or nobody's, and for a closed login."""
    row = session.execute(
        select(StaffInvitation, StaffUser)
        .join(StaffUser, StaffUser.id == StaffInvitation.staff_user_id)
        .where(
            StaffInvitation.public_id == token[:_ID],
            StaffInvitation.used_at.is_(None),
            StaffInvitation.expires_at > now,
            StaffUser.active.is_(True),
        )
    ).one_or_none()
    if row is None:
        return None
    proofs = [_proof(key, row[0]) for key in keys.derive("staff-invitation")]
    fits = [hmac.compare_digest(proof.encode(), token[_ID:].encode()) for proof in proofs]
    return Invited(row[0], row[1]) if any(fits) else None


def accept(session: Session, invited: Invited, name: str, password_hash: str, now: datetime) -> bool:
    """Use a link up: the new password holds, every browser is signed out. False when somebody was quicker."""
    invitation = invited.invitation
    good = (StaffInvitation.id == invitation.id, StaffInvitation.used_at.is_(None), StaffInvitation.expires_at > now)
    done = session.execute(update(StaffInvitation).where(*good).values(used_at=now))
    user = session.get(StaffUser, invited.user.id)
    if cast(CursorResult, done).rowcount != 1 or user is None or not user.active:
        return False
    user.name, user.password_hash = name, password_hash
    void(session, user.id, now)
    sessions.revoke_all(session, user.id)
    return True


def forget_old(session: Session, now: datetime) -> int:
    """Delete links that ended a month ago; returns how many."""
    over = delete(StaffInvitation).where(StaffInvitation.expires_at < now - KEPT)
    return session.connection().execute(over).rowcount


def _proof(key: bytes, invitation: StaffInvitation) -> str:
    about = f"{invitation.public_id}:{invitation.kind}:{invitation.staff_user_id}"
    return hmac.digest(key, about.encode(), "sha256").hex()[:44]
