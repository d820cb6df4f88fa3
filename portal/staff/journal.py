"""Who of the staff saw or changed what."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.staff.models import StaffJournal, StaffUser


def write(session: Session, user: StaffUser, action: str, subject: str, now: datetime) -> None:
    """Add a line. `subject` names a thing by its code or a phone by its mask, never whole."""
    session.add(
        StaffJournal(
            organization_id=user.organization_id, staff_user_id=user.id, who=f"{user.name} <{user.email}>"[:200],
            action=action, subject=subject[:200], at=now,
        )
    )  # fmt: skip


def latest(session: Session, organization_id: int, count: int = 200) -> list[StaffJournal]:
    """The newest lines of an organization."""
    return list(
        session.scalars(
            select(StaffJournal)
            .where(StaffJournal.organization_id == organization_id)
            .order_by(StaffJournal.at.desc(), StaffJournal.id.desc())
            .limit(count)
        )
    )
