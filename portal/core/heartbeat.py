"""Signs of life of the processes that answer no requests; `/readyz` and `doctor` read them."""

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.db import Base

MAX_AGE = timedelta(seconds=90)  # older: the process is dead or stuck


class Heartbeat(Base):
    """The last time a named process was alive."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    beat_at: Mapped[datetime]


def beat(session: Session, name: str, now: datetime) -> None:
    """Say that `name` is alive."""
    session.merge(Heartbeat(name=name, beat_at=now))


def last_beat(session: Session, name: str) -> datetime | None:
    """When `name` was last alive."""
    row = session.get(Heartbeat, name)
    return row.beat_at if row else None
