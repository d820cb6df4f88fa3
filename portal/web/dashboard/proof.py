"""Whoever sits at a signed-in browser proves again that it is theirs."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from portal.core.limits import LimitReached
from portal.staff import accounts, passwords
from portal.web.dashboard.guards import me
from portal.web.parts import parts


@dataclass(frozen=True, slots=True)
class Doubt:
    """What to say beside the password, and with which status."""

    said: str
    status: int


def doubt_of_password(typed: str) -> Doubt | None:
    """None when it is the password of who is signed in; tries are counted as signing in is."""
    house, now = parts(), parts().clock()
    keys, count = house.settings.keys, house.settings.limit_sign_in
    with house.database.writing() as db:
        attempt = accounts.begin_sign_in(db, keys, me().email, request.remote_addr or "", count, now)
    if isinstance(attempt, LimitReached):
        return Doubt(_("Too many tries. Wait 15 minutes."), 429)
    if passwords.fits(attempt.password_hash, typed):  # slow: outside the transactions
        with house.database.writing() as db:
            if accounts.finish_sign_in(db, attempt, typed):
                return None
    return Doubt(_("This is not your current password."), 422)
