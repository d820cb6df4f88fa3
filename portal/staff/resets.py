"""A forgotten password: a link by e-mail for who has a login, and the same answer for who has none."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.limits import Limit, LimitReached, take
from portal.core.tokens import Keys
from portal.staff import invitations
from portal.staff.accounts import WINDOW, by_email
from portal.staff.models import StaffInvitation, StaffUser


def ask(
    session: Session, keys: Keys, email: str, address: str, count: int, now: datetime
) -> tuple[StaffUser, StaffInvitation] | LimitReached | None:
    """Write a link. None where there is no open login, or its mailbox got `count` in 15 minutes: who asks is told neither.

    LimitReached: this address asked `count` times in 15 minutes.
    """
    refused = take(session, (_limit(keys, "address", address, count),), now)
    if refused:
        return refused
    crowded = take(session, (_limit(keys, "login", email.strip().lower(), count),), now)
    user = by_email(session, email)
    if crowded or user is None or not user.active:
        return None
    return user, invitations.write(session, user, "reset", now)


def _limit(keys: Keys, kind: str, value: str, count: int) -> Limit:
    return Limit("reset", f"reset:{kind}:" + keys.keyed_hash("sign-in", value), count, WINDOW)
