"""Signs that a gateway works, for the owner's check list: noted when something is seen, seldom written."""

import threading
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary

from sqlalchemy import Table, case, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.core.kept import after_commit
from portal.venues.models import GatewaySign

Sign = Literal["redirect", "radius", "online", "accounting", "disconnect"]
SIGNS: tuple[Sign, ...] = get_args(Sign)
AGAIN_AFTER = timedelta(minutes=10)

_TABLE: Table = GatewaySign.__table__  # type: ignore[assignment]
_LAST = WeakKeyDictionary[Any, dict[tuple[int, str], datetime]]()  # by engine: when this process wrote it last
_LOCK = threading.Lock()


def is_due(session: Session, gateway_id: int, sign: Sign, now: datetime) -> bool:
    """False while this process has written the sign within ten minutes: ask before opening a transaction for it."""
    last = _noted(session).get((gateway_id, sign))
    return last is None or now >= last + AGAIN_AFTER


def note(session: Session, gateway_id: int, sign: Sign, now: datetime) -> None:
    """Something was seen to work. At most one statement per process, gateway and sign in ten minutes.

    The first time stays, the last one moves. What is rolled back is written by the next one.
    """
    if not is_due(session, gateway_id, sign, now):
        return
    values = {"gateway_id": gateway_id, "sign": sign, "first_at": now, "last_at": now}
    session.connection().execute(_UPSERT[session.get_bind().dialect.name], values)
    noted = _noted(session)
    after_commit(session, lambda: noted.__setitem__((gateway_id, sign), now))


def seen(session: Session, gateway_id: int) -> dict[str, GatewaySign]:
    """The signs that there are, by name."""
    rows = session.scalars(select(GatewaySign).where(GatewaySign.gateway_id == gateway_id))
    return {row.sign: row for row in rows}


def _noted(session: Session) -> dict[tuple[int, str], datetime]:
    with _LOCK:
        return _LAST.setdefault(session.get_bind().engine, {})


def _upsert(insert: Any) -> Any:
    made = insert(_TABLE)
    newer = made.excluded.last_at
    later = case((newer > _TABLE.c.last_at, newer), else_=_TABLE.c.last_at)
    return made.on_conflict_do_update(index_elements=["gateway_id", "sign"], set_={"last_at": later})


_UPSERT = {"sqlite": _upsert(sqlite_insert), "postgresql": _upsert(pg_insert)}
