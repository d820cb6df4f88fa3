"""Visits: one row each, made when the landing page is seen or submitted, then a time per step, set once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Boolean, String, Table, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.acquisition.entry import Entry
from portal.acquisition.models import STEPS, Visit
from portal.core.db import BigId, UtcDateTime
from portal.core.statements import Statement
from portal.core.tokens import random_id
from portal.venues.models import Venue

CONTINUES_FOR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. `device_hash` is the keyed hash of the gateway's MAC or of the browser's cookie, never of an address."""

    ip: str
    user_agent: str
    device_hash: str | None
    device_family: str
    bot_reason: str | None


def continue_or_record(session: Session, entry: Entry, client: Client, now: datetime, *, seen: bool) -> Any:
    """The row of this visit, to read. Its public id may be an earlier one's: use the row's, not the entry's, from here on.

    Idempotent by the entry's id. The same device at the same source within 30 minutes continues its earlier visit. `seen`
    notes that the page was seen. Two statements for a new visit, one for a known one (two when it is seen only now).
    """
    visitor_class = "bot" if client.bot_reason else "guest"
    visit = _earlier(session, entry, client, visitor_class)
    if visit is None:
        return _record(session, entry, client, visitor_class, seen_at=now if seen else None)
    if seen and visit.seen_at is None:
        mark(session, visit.public_id, "seen_at", now)
    return visit


def record_apart(session: Session, entry: Entry, client: Client, visitor_class: str) -> Any:
    """A row beside the funnel for who comes online without a code: `voucher` or `remembered`.

    The visit of a guest who took a voucher after the SMS failed stays in the funnel as what it was: not converted.
    """
    apart = replace(entry, visit_id=random_id())
    return _earlier(session, apart, client, visitor_class) or _record(session, apart, client, visitor_class, seen_at=None)


def mark(session: Session, visit_public_id: str, step: str, now: datetime) -> bool:
    """Note that a visit reached a step; True if it had not before. The first time stays.

    A step that its branch does not allow yet (online before verified) is left out, so a late report is never an error.
    """
    if step not in STEPS:
        raise ValueError(f"{step} is not a step of a visit")
    return bool(_MARK[step].count(session, {"visit": visit_public_id, "at": now}))


def complete(
    session: Session,
    visit_public_id: str,
    *,
    guest_id: int | None,
    is_returning: bool | None,
    verified_at: datetime,
    card_at: datetime | None,
) -> None:
    """The right code came. Times already noted stay; a phone time that is missing becomes the proof's."""
    facts = {"guest": guest_id, "again": is_returning, "proven": verified_at, "card": card_at, "visit": visit_public_id}
    _COMPLETE.write(session, facts)


def add_cost(session: Session, visit_public_id: str, kopecks: int) -> None:
    """What a message of this visit cost, or a correction of it."""
    _COST.write(session, {"visit": visit_public_id, "kopecks": kopecks})


_ALLOWED = {
    "verified_at": (Visit.phone_at.is_not(None),),
    "card_at": (Visit.verified_at.is_not(None),),
    "card_saved_at": (Visit.card_at.is_not(None),),
    "online_at": (or_(Visit.verified_at.is_not(None), Visit.visitor_class == "voucher", Visit.visitor_class == "remembered"),),
}
# Built once: these stand on the way of every guest.
_TABLE = cast(Table, Visit.__table__)
_OF_VISIT = update(_TABLE).where(_TABLE.c.public_id == bindparam("visit"))
_MARK = {
    step: Statement(_OF_VISIT.where(_TABLE.c[step].is_(None), *_ALLOWED.get(step, ())).values({step: bindparam("at")}))
    for step in STEPS
}
_COST = Statement(_OF_VISIT.values(sms_kopecks=_TABLE.c.sms_kopecks + bindparam("kopecks", type_=BigId)))
_COMPLETE = Statement(
    _OF_VISIT.values(
        guest_id=func.coalesce(bindparam("guest", type_=BigId), _TABLE.c.guest_id),
        is_returning=func.coalesce(_TABLE.c.is_returning, bindparam("again", type_=Boolean)),
        phone_at=func.coalesce(_TABLE.c.phone_at, bindparam("proven", type_=UtcDateTime)),
        verified_at=func.coalesce(_TABLE.c.verified_at, bindparam("proven", type_=UtcDateTime)),
        card_at=func.coalesce(_TABLE.c.card_at, bindparam("card", type_=UtcDateTime)),
    )
)


def _earlier(session: Session, entry: Entry, client: Client, visitor_class: str) -> Any:
    """This very visit, or else the latest one that it continues."""
    if not client.device_hash:
        return _ITSELF.first(session, {"visit_id": entry.visit_id})
    facts = {
        "visit_id": entry.visit_id,
        "venue_id": entry.venue_id,
        "source_id": entry.source_id,
        "device_hash": client.device_hash,
        "visitor_class": visitor_class,
        "after": entry.arrived_at - CONTINUES_FOR,
        "before": entry.arrived_at + CONTINUES_FOR,
    }
    return _CONTINUED.first(session, facts)


def _record(session: Session, entry: Entry, client: Client, visitor_class: str, *, seen_at: datetime | None) -> Any:
    facts: dict[str, Any] = {
        "of_venue": entry.venue_id,
        "of_device": client.device_hash,
        "venue_id": entry.venue_id,
        "public_id": entry.visit_id,
        "source_id": entry.source_id,
        "entry": entry.entry,
        "visitor_class": visitor_class,
        "bot_reason": client.bot_reason,
        "device_hash": client.device_hash,
        "device_family": client.device_family,
        "language": entry.language,
        "utm_raw": entry.utm_raw,
        "utm_cut": entry.utm_cut,
        "ip": client.ip,
        "user_agent": client.user_agent[:400],
        "arrived_at": entry.arrived_at,
        "seen_at": seen_at,
    }
    visit = _INSERT.first(session, facts)
    # None: the same visit, committed meanwhile by another request
    return visit or _ITSELF.first(session, {"visit_id": entry.visit_id})


# Built once: these run on every landing, and building them costs more than running them.
_READ = (_TABLE.c.id, _TABLE.c.public_id, _TABLE.c.visitor_class, _TABLE.c.bot_reason, _TABLE.c.seen_at)
_ITSELF = Statement(select(*_READ).where(_TABLE.c.public_id == bindparam("visit_id")))
_NEAR_BY = and_(
    Visit.venue_id == bindparam("venue_id"),
    Visit.source_id.is_not_distinct_from(bindparam("source_id")),
    Visit.device_hash == bindparam("device_hash"),
    Visit.visitor_class == bindparam("visitor_class"),
    Visit.arrived_at.between(bindparam("after"), bindparam("before")),
)
_ITSELF_FIRST = case((Visit.public_id == bindparam("visit_id"), 0), else_=1)
_CONTINUED = Statement(
    select(*_READ)
    .where(or_(Visit.public_id == bindparam("visit_id"), _NEAR_BY))
    .order_by(_ITSELF_FIRST, Visit.arrived_at.desc())
    .limit(1)
)
_ORGANIZATION = select(Venue.organization_id).where(Venue.id == bindparam("of_venue")).scalar_subquery()
# Known at entry, so that the class of a visit does not follow from what became of it.
_EARLIER = _TABLE.alias("earlier")
_CAME_BEFORE = (
    select(func.count() > 0)
    .select_from(
        select(_EARLIER.c.id)
        .where(_EARLIER.c.venue_id == bindparam("of_venue"), _EARLIER.c.device_hash == bindparam("of_device"))
        .limit(1)
        .subquery()
    )
    .scalar_subquery()
)
_KNOWN_AT_ENTRY = case((bindparam("of_device", type_=String).is_(None), None), else_=_CAME_BEFORE)
_INSERT = Statement(
    {
        name: insert(_TABLE)
        .values(organization_id=_ORGANIZATION, came_before=_KNOWN_AT_ENTRY)
        .on_conflict_do_nothing(index_elements=["public_id"])
        .returning(*_READ)
        for name, insert in (("sqlite", sqlite_insert), ("postgresql", pg_insert))
    },
    "venue_id", "public_id", "source_id", "entry", "visitor_class", "bot_reason", "device_hash", "device_family", "language",
    "utm_raw", "utm_cut", "ip", "user_agent", "arrived_at", "seen_at",
)  # fmt: skip
