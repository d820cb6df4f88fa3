"""Rate limits that hold at once for fifty forms: exact sliding windows and money budgets in SQL rows.

A window keeps the times of its last `limit` events in one row, locked in the same transaction as the act it guards
(BEGIN IMMEDIATE on SQLite, FOR UPDATE on PostgreSQL). Nothing is counted over a growing table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import cast

from sqlalchemy import JSON, Boolean, String, Table, bindparam, column, delete, func, select, text, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core.connected import connection_of
from portal.core.db import Base, as_json
from portal.core.statements import Statement


class LimitWindow(Base):
    """The events of one subject, for all its limits. `key` holds only keyed hashes and ids, never a phone."""

    __tablename__ = "limit_window"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    times: Mapped[list[float]] = mapped_column(JSON)
    until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` events of `key` in any `window`. `name` is what an alarm and a refusal say.

    Limits of one subject share its key, and with it one row.
    """

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
    begun: tuple[str, ...] = ()  # windows that were made for this event, with it in them

    def occupy(self, session: Session) -> None:
        """Count the event."""
        if self.rows:
            _store(session, self.rows)

    def leave(self, session: Session) -> None:
        """Count nothing: something else refused."""
        _end(session, self.begun)


def find_room(session: Session, limits: Sequence[Limit], now: datetime) -> Room | LimitReached:
    """Lock the windows and look. Who finds room must `occupy` it or `leave` it: another refusal costs the subject nothing."""
    longest = _longest(limits)
    kept, begun = _locked(session, longest, now)
    at = now.timestamp()
    for limit in limits:
        begin = at - limit.window.total_seconds()
        times = [t for t in kept[limit.key] if t > begin]
        if len(times) >= limit.count:
            _end(session, begun)
            oldest = times[-limit.count] if limit.count else at
            return LimitReached(limit.name, datetime.fromtimestamp(oldest, now.tzinfo) + limit.window)
    rows = []
    for key, window in longest.items():
        if key not in begun:
            times = [t for t in kept[key] if t > at - window.total_seconds()]
            rows.append({"key": key, "times": [*times, at], "until": now + window})
    return Room(tuple(rows), begun)


def ask(limits: Sequence[Limit], now: datetime) -> list[tuple[Statement, dict[str, object]]]:
    """What `find_room` will ask of PostgreSQL, to be asked ahead."""
    return [(_HOLD_PG, _held(_longest(limits), now))] if limits else []


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
    keys = [limit.key for limit in limits]
    locked = select(_TABLE.c.key, _TABLE.c.times).where(_TABLE.c.key.in_(keys)).order_by(_TABLE.c.key).with_for_update()
    for key, times in session.connection().execute(locked).all():
        kept = list(times)
        if taken_at.timestamp() in kept:
            kept.remove(taken_at.timestamp())
            session.connection().execute(update(_TABLE).where(_TABLE.c.key == key).values(times=kept))


def exhaust(session: Session, limits: Sequence[Limit], until: datetime) -> None:
    """Use limits up, so that all of them refuse until a moment: for whoever asked to be left alone."""
    longest = _longest(limits)
    most = {key: max(limit.count for limit in limits if limit.key == key) for key in longest}
    rows = [{"key": key, "times": [(until - span).timestamp()] * most[key], "until": until} for key, span in longest.items()]
    _locked(session, longest, until)
    _store(session, rows)


def free(session: Session, limits: Sequence[Limit]) -> bool:
    """Begin anew, as if nothing had been counted; False when nothing was."""
    keys = {limit.key for limit in limits}
    return session.connection().execute(delete(_TABLE).where(_TABLE.c.key.in_(keys))).rowcount > 0


def forget_old(session: Session, now: datetime) -> int:
    """Delete windows that have passed; returns how many."""
    return session.connection().execute(delete(LimitWindow).where(LimitWindow.until < now)).rowcount


_TABLE = cast(Table, LimitWindow.__table__)
_UPSERT = sqlite_insert(_TABLE)
_STORE = Statement(
    _UPSERT.on_conflict_do_update(
        index_elements=["key"], set_={"times": _UPSERT.excluded.times, "until": _UPSERT.excluded.until}
    ),
    "key", "times", "until",
)  # fmt: skip
_EACH = func.json_each(bindparam("keys", type_=JSON)).table_valued("value")
_READ = Statement(select(_TABLE.c.key, _TABLE.c.times).where(_TABLE.c.key.in_(select(_EACH.c.value))))
# PostgreSQL, one round trip each. An insert that meets a row locks it; rows are made and locked in the order of the keys.
# A row that was not there begins with the event in it, for most guests are new: nothing is left to store.
_HOLD_PG = Statement(
    text(
        "INSERT INTO limit_window (key, times, until) SELECT new.key, CAST(:times AS json), new.until FROM "
        "unnest(CAST(:keys AS text[]), CAST(:until AS timestamptz[])) AS new(key, until) "
        "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, times, xmax = 0 AS made"
    ).columns(_TABLE.c.key, _TABLE.c.times, column("made", Boolean))
)
_STORE_PG = Statement(
    text(
        "UPDATE limit_window SET times = CAST(new.times AS json), until = new.until FROM "
        "unnest(CAST(:keys AS text[]), CAST(:times AS text[]), CAST(:until AS timestamptz[])) AS new(key, times, until) "
        "WHERE limit_window.key = new.key"
    )
)


def _store(session: Session, rows: Sequence[dict[str, object]]) -> None:
    if connection_of(session).dialect.name == "sqlite":
        _STORE.write(session, *rows)
        return
    columns = {"keys": "key", "times": "times", "until": "until"}
    facts = {name: [row[column] for row in rows] for name, column in columns.items()}
    _STORE_PG.write(session, facts | {"times": [as_json(times) for times in facts["times"]]})


def _locked(session: Session, wanted: dict[str, timedelta], now: datetime) -> tuple[dict[str, list[float]], tuple[str, ...]]:
    """Earlier times of each window, and which were made now. All are locked in one order: two forms never wait crosswise."""
    if not wanted:
        return {}, ()
    if connection_of(session).dialect.name == "sqlite":  # BEGIN IMMEDIATE has locked everything
        found = {row.key: row.times for row in _READ.rows(session, {"keys": list(wanted)})}
        return {key: found.get(key, []) for key in wanted}, ()
    rows = _HOLD_PG.rows(session, _held(wanted, now))
    return {row.key: [] if row.made else row.times for row in rows}, tuple(row.key for row in rows if row.made)


def _longest(limits: Sequence[Limit]) -> dict[str, timedelta]:
    """The keys in the order of locking, each with the time that its row must reach back."""
    longest: dict[str, timedelta] = {}
    for limit in sorted(limits, key=attrgetter("key")):
        longest[limit.key] = max(limit.window, longest.get(limit.key, limit.window))
    return longest


def _held(wanted: dict[str, timedelta], now: datetime) -> dict[str, object]:
    until = [now + window for window in wanted.values()]
    return {"keys": list(wanted), "until": until, "times": as_json([now.timestamp()])}


def _end(session: Session, begun: tuple[str, ...]) -> None:
    if begun:
        session.connection().execute(delete(_TABLE).where(_TABLE.c.key.in_(begun)))
