"""Rate limits that hold at once for fifty forms: exact sliding windows and money budgets in SQL rows.

A window keeps the times of its last `limit` events in one row, locked in the same transaction as the act it guards
(BEGIN IMMEDIATE on SQLite, FOR UPDATE on PostgreSQL). Nothing is counted over a growing table.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import JSON, Connection, Index, String, Table, bindparam, delete, select, text, update
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
            _store(session.connection(), self.rows)


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
        rows.append({"key": key, "times": [*times, at], "until": now + limit.window})
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
_STORE = _UPSERT.on_conflict_do_update(
    index_elements=["key"], set_={"times": _UPSERT.excluded.times, "until": _UPSERT.excluded.until}
)
_READ = select(_TABLE.c.key, _TABLE.c.times).where(_TABLE.c.key.in_(bindparam("keys", expanding=True)))
# PostgreSQL, one round trip each. An insert that meets a row locks it; rows are made and locked in the order of the keys.
_HOLD_PG = text(
    "INSERT INTO limit_window (key, times, until) SELECT k, '[]', :now FROM unnest(CAST(:keys AS text[])) AS k "
    "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, times"
)
_STORE_PG = text(
    "UPDATE limit_window SET times = CAST(new.times AS json), until = new.until FROM "
    "unnest(CAST(:keys AS text[]), CAST(:times AS text[]), CAST(:until AS timestamptz[])) AS new(key, times, until) "
    "WHERE limit_window.key = new.key"
)


def _store(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    if connection.dialect.name == "sqlite":
        connection.execute(_STORE, list(rows))
        return
    columns = {"keys": "key", "times": "times", "until": "until"}
    facts = {name: [row[column] for row in rows] for name, column in columns.items()}
    connection.execute(_STORE_PG, facts | {"times": [json.dumps(times) for times in facts["times"]]})


def _locked(session: Session, keys: list[str], now: datetime) -> dict[str, list[float]]:
    """Make missing rows and lock all in one order (`keys` is sorted), so that two forms never wait crosswise."""
    if not keys:
        return {}
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        return {row.key: row.times for row in connection.execute(_HOLD_PG, {"keys": keys, "now": now})}
    found = {row.key: row.times for row in connection.execute(_READ, {"keys": keys})}  # BEGIN IMMEDIATE has locked everything
    return {key: found.get(key, []) for key in keys}
