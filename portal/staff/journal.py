"""Who of the staff saw or changed what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal.staff.models import StaffJournal, StaffUser

PAGE_LINES = 50
MOST_LINES = 20_000  # of one download


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: of one person, one action, days by a zone's calendar. What is None or empty is not asked for."""

    person_id: int | None = None
    action: str = ""
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"


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
    return list(session.scalars(_newest_first(organization_id).limit(count)))


def page(session: Session, organization_id: int, asked: Asked, number: int) -> tuple[list[StaffJournal], bool]:
    """Page `number` (from 1), the newest first, and whether there is another one behind it."""
    found = _asked_for(organization_id, asked).offset((number - 1) * PAGE_LINES).limit(PAGE_LINES + 1)
    lines = list(session.scalars(found))
    return lines[:PAGE_LINES], len(lines) > PAGE_LINES


def everything(session: Session, organization_id: int, asked: Asked) -> Sequence[StaffJournal]:
    """All lines that were asked for, at most 20,000."""
    return session.scalars(_asked_for(organization_id, asked).limit(MOST_LINES)).all()


def actions(session: Session, organization_id: int) -> list[str]:
    """What was ever done, for the filter."""
    mine = select(StaffJournal.action).where(StaffJournal.organization_id == organization_id)
    return sorted(session.scalars(mine.distinct()))


def _asked_for(organization_id: int, asked: Asked) -> Select[StaffJournal]:
    found, zone = _newest_first(organization_id), ZoneInfo(asked.zone)
    if asked.person_id is not None:
        found = found.where(StaffJournal.staff_user_id == asked.person_id)
    if asked.action:
        found = found.where(StaffJournal.action == asked.action)
    if asked.first:
        found = found.where(StaffJournal.at >= datetime.combine(asked.first, time(), zone))
    if asked.last:
        found = found.where(StaffJournal.at < datetime.combine(asked.last + timedelta(days=1), time(), zone))
    return found


def _newest_first(organization_id: int) -> Select[StaffJournal]:
    mine = select(StaffJournal).where(StaffJournal.organization_id == organization_id)
    return mine.order_by(StaffJournal.at.desc(), StaffJournal.id.desc())
