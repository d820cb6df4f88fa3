"""What the owner must see about SMS: a row for the dashboard and a warning in the log, at most one of a kind per hour."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.sms.models import SmsAlarm

QUIET = timedelta(hours=1)
SHOWN = timedelta(hours=24)
KEPT = timedelta(days=30)
_log = logging.getLogger(__name__)


def budget_path(path: str) -> str:
    """Whose budget a message's path draws on: wifi, or qr (which /me shares)."""
    return "wifi" if path == "wifi" else "qr"


def sound(session: Session, organization_id: int, venue_id: int, path: str, kind: str, now: datetime) -> None:
    """Raise an alarm: budget_80, budget_100, slow, stopped, no_money, bad_credentials or bad_signature."""
    path = budget_path(path)
    same = (SmsAlarm.venue_id == venue_id, SmsAlarm.path == path, SmsAlarm.kind == kind)
    if session.scalar(select(SmsAlarm.id).where(*same, SmsAlarm.at > now - QUIET).limit(1)) is not None:
        return
    session.add(SmsAlarm(organization_id=organization_id, venue_id=venue_id, path=path, kind=kind, at=now))
    _log.warning("sms alarm %s: venue %d, path %s", kind, venue_id, path)


def of_today(session: Session, venue_id: int, now: datetime) -> list[SmsAlarm]:
    """Alarms of the last 24 hours, newest first."""
    wanted = select(SmsAlarm).where(SmsAlarm.venue_id == venue_id, SmsAlarm.at > now - SHOWN)
    return list(session.scalars(wanted.order_by(SmsAlarm.at.desc())))


def forget_old(session: Session, now: datetime) -> None:
    """Delete alarms older than 30 days."""
    session.execute(delete(SmsAlarm).where(SmsAlarm.at < now - KEPT))
