"""A forgotten password: the question is noted for whoever asks, and answered by the worker if there is such a login.

Who asks waits for the same statements whether the login exists or not: only the worker looks it up.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.core.limits import Limit, LimitReached, take
from portal.core.tokens import Keys
from portal.staff import invitations
from portal.staff.accounts import WINDOW, by_email
from portal.staff.models import StaffInvitation, StaffResetRequest, StaffUser


def ask(session: Session, keys: Keys, email: str, address: str, count: int, now: datetime) -> LimitReached | None:
    """Note that somebody forgot the password of `email`; beyond `count` in 15 minutes for one mailbox nothing is noted.

    LimitReached: this address asked `count` times in 15 minutes.
    """
    refused = take(session, (_limit(keys, "address", address, count),), now)
    if refused:
        return refused
    mailbox = email.strip().lower()
    if take(session, (_limit(keys, "login", mailbox, count),), now) is None:
        session.add(StaffResetRequest(email=mailbox, asked_at=now))
    return None


def answer(session: Session, now: datetime) -> tuple[StaffUser, StaffInvitation] | None:
    """Take the question that waits longest and write its link; None where there is no open login for it."""
    waiting = select(StaffResetRequest).order_by(StaffResetRequest.id).limit(1)
    request = session.scalar(waiting.with_for_update(skip_locked=True))
    if request is None:
        return None
    session.delete(request)
    user = by_email(session, request.email)
    if user is None or not user.active:
        return None
    return user, invitations.write(session, user, "reset", now)


def is_waiting(session: Session) -> bool:
    """Whether anybody asked; writes nothing."""
    return session.scalar(select(StaffResetRequest.id).limit(1)) is not None


def _limit(keys: Keys, kind: str, value: str, count: int) -> Limit:
    return Limit("reset", f"reset:{kind}:" + keys.keyed_hash("sign-in", value), count, WINDOW)
