"""Which letters a person wants, and the way out of them that stands in each letter itself."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core.tokens import BadToken, Keys
from portal.staff.models import StaffUser

WANTED = {"weekly": "weekly_report", "alert": "alerts"}  # kind of letter -> the column that says yes
_LIFE = timedelta(days=365)


def wants(user: StaffUser, kind: str) -> bool:
    """Whether a letter of this kind may be sent; what is about the login itself always may."""
    return bool(getattr(user, WANTED[kind])) if kind in WANTED else True


def stop_token(keys: Keys, user: StaffUser, kind: str, now: datetime) -> str:
    """What a letter's List-Unsubscribe carries: it can do nothing but stop this kind of letter."""
    return keys.seal("mail-stop", {"u": user.id, "k": kind}, now)


def stop(session: Session, keys: Keys, token: str, now: datetime) -> bool:
    """Take a person off a kind of letters. False for a token that is changed or a year old, or a login that is gone."""
    try:
        said = keys.unseal("mail-stop", token, now, _LIFE)
    except BadToken:
        return False
    user = session.get(StaffUser, said["u"])
    if user is None or said["k"] not in WANTED:
        return False
    setattr(user, WANTED[said["k"]], False)
    return True
