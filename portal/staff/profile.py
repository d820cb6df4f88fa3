"""What a person may change of their own login."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.core.i18n import LANGUAGES
from portal.staff import invitations, sessions
from portal.staff.models import StaffUser


def edit(session: Session, user_id: int, *, name: str, language: str, weekly_report: bool, alerts: bool) -> None:
    """Name, language, which letters. ValueError for a language that the product does not speak."""
    if language not in LANGUAGES:
        raise ValueError("unknown language")
    user = session.get_one(StaffUser, user_id)
    user.name, user.language, user.weekly_report, user.alerts = name, language, weekly_report, alerts


def set_password(session: Session, user: StaffUser, password_hash: str, kept_session_id: int, now: datetime) -> int:
    """The new one holds; every other browser is signed out and links by e-mail end. Returns how many browsers."""
    user.password_hash = password_hash
    invitations.void(session, user.id, now)
    return sessions.revoke_others(session, user.id, kept_session_id)
