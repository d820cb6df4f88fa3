"""Reading and writing the rows of accounted sessions: a statement each, for one report or for many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, String, Table, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.access.grants import name_of_grant
from portal.access.models import AccessGrant, AccountingSession
from portal.access.nas import KnownNas
from portal.access.packets import AccountingReport
from portal.access.story import Story
from portal.core.statements import Statement
from portal.venues.models import Nas

Key = tuple[int, str, str]  # router, its session id, user name
_ROW: Table = AccountingSession.__table__  # type: ignore[assignment]
_STORY = tuple(field.name for field in fields(Story))
_SELF = ("id", "revision")
_NAMES = [name for name in _STORY if name not in _SELF]


@dataclass(frozen=True, slots=True)
class Owner:
    """The grant of a login name at the router's venue, and whether it was online before."""

    grant_id: int | None = None
    visit_id: str | None = None
    online: bool = False


NOBODY = Owner()


@dataclass(frozen=True, slots=True)
class Known:
    """What stands in the database about one report: the sessions of its router, id and user, newest first; whose it is."""

    stories: list[Story]
    owner: Owner
    restarted_at: datetime | None


def known(session: Session, nas: KnownNas, packet: AccountingReport) -> Known:
    """One SELECT."""
    named = {"nas": nas.id, "sid": packet.acct_session_id, "user": packet.user_name, "grant": name_of_grant(packet.user_name)}
    rows = _KNOWN.rows(session, named)
    first = rows[0]
    owner = Owner(first.grant_number, first.visit_id, first.online_at is not None) if first.grant_number else NOBODY
    stories = [Story(**{name: getattr(row, name) for name in _STORY}) for row in rows if row.id is not None]
    return Known(stories, owner, first.restarted_at)


def write(session: Session, nas: KnownNas, story: Story) -> bool:
    """One INSERT or UPDATE. False when somebody else wrote the row since it was read."""
    if story.id is None:
        return bool(_INSERT.count(session, _facts(nas, story)))
    return bool(
        _UPDATE.count(session, {"row": story.id, "was": story.revision, **{f"new_{n}": getattr(story, n) for n in _NAMES}})
    )


def known_of_many(
    session: Session, keys: Iterable[Key], nas_ids: Iterable[int]
) -> tuple[dict[Key, list[Story]], dict[tuple[int, str], Owner], dict[int, datetime | None]]:
    """Sessions by key, owners by venue and grant's name, last restarts by router. The sessions' rows stay locked."""
    users = sorted({user for _nas, _sid, user in keys})
    run = session.connection().execute
    stories: dict[Key, list[Story]] = defaultdict(list)
    wanted = {"nas": sorted(set(nas_ids)), "users": users, "grants": sorted({name_of_grant(user) for user in users})}
    for row in run(_ROWS_OF_MANY, wanted).mappings():
        stories[row["nas_id"], row["acct_session_id"], row["user_name"]].append(Story(**{name: row[name] for name in _STORY}))
    owners = {
        (row.venue_id, row.user_name): Owner(row.id, row.visit_id, row.online_at is not None)
        for row in run(_OWNERS_OF_MANY, wanted)
    }
    restarts = {row.id: row.restarted_at for row in run(_RESTARTS_OF_MANY, wanted)}
    return stories, owners, restarts


def write_many(session: Session, changed: Sequence[Story], new: Sequence[tuple[KnownNas, Story]]) -> bool:
    """Write sessions whose rows are locked, and new ones. False when another process wrote one of the new ones first."""
    run = session.connection().execute
    if changed:
        run(_UPDATE_MANY, [{"row": one.id, **{f"new_{name}": getattr(one, name) for name in _NAMES}} for one in changed])
    if not new:
        return True
    ordered = sorted(
        (_facts(nas, story) for nas, story in new), key=lambda row: (row["user_name"], row["nas_id"], row["incarnation"])
    )
    written = run(_INSERTS[session.get_bind().dialect.name], ordered, execution_options=_COUNTED)
    return cast(CursorResult[Any], written).rowcount == len(ordered)


def _facts(nas: KnownNas, story: Story) -> dict[str, Any]:
    own = {name: getattr(story, name) for name in _NAMES}
    return own | {"organization_id": nas.organization_id, "venue_id": nas.venue_id, "nas_id": nas.id, "revision": 0}


_KNOWN = Statement(
    select(
        *(_ROW.c[name] for name in _STORY),
        AccessGrant.id.label("grant_number"),
        AccessGrant.visit_id,
        AccessGrant.online_at,
        Nas.restarted_at,
    )
    .select_from(Nas)
    .outerjoin(AccessGrant, and_(AccessGrant.user_name == bindparam("grant", type_=String), AccessGrant.venue_id == Nas.venue_id))
    .outerjoin(
        _ROW,
        and_(
            _ROW.c.user_name == bindparam("user", type_=String),
            _ROW.c.nas_id == Nas.id,
            _ROW.c.acct_session_id == bindparam("sid", type_=String),
        ),
    )
    .where(Nas.id == bindparam("nas"))
    .order_by(_ROW.c.incarnation.desc())
    .limit(20)
)
_UNIQUE = [_ROW.c.user_name, _ROW.c.nas_id, _ROW.c.acct_session_id, _ROW.c.incarnation]
_INSERTS = {
    "sqlite": sqlite_insert(_ROW).on_conflict_do_nothing(index_elements=_UNIQUE),
    "postgresql": pg_insert(_ROW).on_conflict_do_nothing(index_elements=_UNIQUE),
}
_COUNTED = {"preserve_rowcount": True}  # SQLAlchemy forgets how many rows an INSERT made
_INSERT = Statement(_INSERTS, *_NAMES, "organization_id", "venue_id", "nas_id", "revision")
_NEW = {name: bindparam(f"new_{name}", type_=_ROW.c[name].type) for name in _NAMES} | {"revision": _ROW.c.revision + 1}
_UPDATE_MANY = update(_ROW).where(_ROW.c.id == bindparam("row")).values(_NEW)
_UPDATE = Statement(_UPDATE_MANY.where(_ROW.c.revision == bindparam("was")))
_ROWS_OF_MANY = (
    select(*(_ROW.c[name] for name in _STORY), _ROW.c.nas_id)
    .where(_ROW.c.user_name.in_(bindparam("users", expanding=True)), _ROW.c.nas_id.in_(bindparam("nas", expanding=True)))
    .order_by(_ROW.c.id)
    .with_for_update()
)
_OWNERS_OF_MANY = select(
    AccessGrant.id, AccessGrant.visit_id, AccessGrant.user_name, AccessGrant.venue_id, AccessGrant.online_at
).where(AccessGrant.user_name.in_(bindparam("grants", expanding=True)))
_RESTARTS_OF_MANY = select(Nas.id, Nas.restarted_at).where(Nas.id.in_(bindparam("nas", expanding=True)))
