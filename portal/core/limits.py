"""Rate limits that hold at once for fifty forms: exact sliding windows and money budgets in SQL rows.

A window keeps the times of its last `limit` events in one row, locked in the same transaction as the act it guards
(BEGIN IMMEDIATE on SQLite, FOR UPDATE on PostgreSQL). Nothing is counted over a growing table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import JSON, Index, String, Table, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.db import Base


class LimitWindow(Base):
    """One limit of one subject. `key` holds only keyed hashes and ids, never a phone."""

    __tablename__ = "limit_window"
    __table_args__ = (Index(None, "until"),)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    times: Mapped[list[float]] = mapped_column(JSON)
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` events of `key` in any `window`. `name` is what an alarm and a refusal say."""

    name: str
    key: str
    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class LimitReached:
    """Which limit refused, and when it opens again."""

    name: str
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """Places that are free in every asked window, locked until the transaction ends; `occupy` takes them."""

    rows: tuple[dict[str, object], ...]

    def occupy(self, session: Session) -> None:
        """Count the event."""
        if self.rows:
            connection = session.connection()
            connection.execute(_STORE[connection.dialect.name], list(self.rows))


def find_room(session: Session, limits: Sequence[Limit], now: datetime) -> Room | LimitReached:
    """Lock the windows and look; nothing is counted yet, so that another refusal costs the subject nothing."""
    wanted = {limit.key: limit for limit in limits}
    kept = _locked(session, sorted(wanted), now)
    rows = []
    at = now.timestamp()
    for key, limit in wanted.items():
        begin = at - limit.window.total_seconds()
        times = [t for t in kept[key] if t > begin]
        if len(times) >= limit.count:
            oldest = times[-limit.count] if limit.count else at
            return LimitReached(limit.name, datetime.fromtimestamp(oldest, now.tzinfo) + limit.window)
        rows.append({"key": key, "of_key": key, "times": [*times, at], "until": now + limit.window})
    return Room(tuple(rows))


def take(session: Session, limits: Sequence[Limit], now: datetime) -> LimitReached | None:
    """Count one event against all limits, or against none: the first full one refuses and nothing is counted."""
    room = find_room(session, limits, now)
    if isinstance(room, LimitReached):
        return room
    room.occupy(session)
    return None


def peek(session: Session, limit: Limit, now: datetime) -> int:
    """How many events of a limit are counted now, without locking."""
    times = session.scalar(select(LimitWindow.times).where(LimitWindow.key == limit.key)) or []
    return sum(t > now.timestamp() - limit.window.total_seconds() for t in times)


def give_back(session: Session, limits: Sequence[Limit], taken_at: datetime) -> None:
    """Take back one event that turned out not to count, such as a sign-in that succeeded."""
    for key, times in _locked(session, sorted(limit.key for limit in limits), taken_at).items():
        kept = list(times)
        if taken_at.timestamp() in kept:
            kept.remove(taken_at.timestamp())
            session.connection().execute(update(_TABLE).where(_TABLE.c.key == key).values(times=kept))


def forget_old(session: Session, now: datetime) -> int:
    """Delete windows that have passed; returns how many."""
    return session.connection().execute(delete(LimitWindow).where(LimitWindow.until < now)).rowcount


_TABLE = cast(Table, LimitWindow.__table__)
_UPSERT = sqlite_insert(_TABLE)
_STORE = {
    "sqlite": _UPSERT.on_conflict_do_update(
        index_elements=["key"], set_={"times": _UPSERT.excluded.times, "until": _UPSERT.excluded.until}
    ),
    "postgresql": update(_TABLE)
    .where(_TABLE.c.key == bindparam("of_key"))
    .values(times=bindparam("times"), until=bindparam("until")),
}
_MAKE = pg_insert(_TABLE).on_conflict_do_nothing()
_LOCK = (
    select(_TABLE.c.key, _TABLE.c.times)
    .where(_TABLE.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(_TABLE.c.key)
    .with_for_update()
)


def _locked(session: Session, keys: list[str], now: datetime) -> dict[str, list[float]]:
    """Make missing rows, then lock all in one order, so that two forms never wait for each other crosswise."""
    if not keys:
        return {}
    connection = session.connection()
    if connection.dialect.name == "sqlite":  # everything is locked already
        found = {row.key: row.times for row in connection.execute(_LOCK, {"keys": keys})}
        return {key: found.get(key, []) for key in keys}
    while True:  # a row that is not there cannot be locked, and `forget_old` may take it between the two statements
        connection.execute(_MAKE, [{"key": key, "times": [], "until": now} for key in keys])
        found = {row.key: row.times for row in connection.execute(_LOCK, {"keys": keys})}
        if len(found) == len(keys):
            return found
