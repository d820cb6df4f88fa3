"""What routers report of sessions: one row for each real session, however often and in whatever order it is told.

A report costs two statements: what is known of the session and its grant, and the row. Two writers of one row do not lock
each other out: the second finds another revision than it read, reads again and adds its packet to that.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby

from sqlalchemy import Table, or_, update
from sqlalchemy.orm import Session

from portal.access import accounting_rows as rows
from portal.access.accounting_rows import NOBODY, Owner
from portal.access.grants import name_of_grant
from portal.access.models import AccountingSession
from portal.access.nas import KnownNas
from portal.access.packets import AccountingReport
from portal.access.story import RESTARTED, Story, began_at, find, sent_at
from portal.gateways.registry import gateway, kinds
from portal.venues.models import Nas

Report = tuple[KnownNas, AccountingReport, datetime]
TRIES = 20  # writers of one row at once; in each round at least one of them gets through
_ROW: Table = AccountingSession.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Applied:
    """`visit_id` is the public id of the visit behind the session, None for a user we gave no grant.

    `came_online` is True when this is the first that was heard of a session and its grant was not online before; `at` is
    when it was so. `orphan`: the session's row has no grant.
    """

    visit_id: str | None
    came_online: bool
    at: datetime
    orphan: bool = False


def apply(session: Session, nas: KnownNas, packet: AccountingReport, now: datetime) -> Applied:
    """Store one report that was received at `now`. Counters only grow; a Stop is never undone.

    Accounting-On and -Off end what the router had open before it restarted.
    """
    at = sent_at(packet, now)
    if _is_of_router(packet):
        return _restart(session, nas, at)
    for _ in range(TRIES):
        known = rows.known(session, nas, packet)
        story = find(known.stories, packet, at)
        was = copy(story)
        story = story or _begin(known.stories, packet, at)
        _tell(story, nas, packet, at, known.owner, known.restarted_at)
        if story == was or rows.write(session, nas, story):
            return _applied(known.owner, story, was is None)
    raise RuntimeError("an accounting row was never at rest")


def apply_many(session: Session, reports: Sequence[Report]) -> list[Applied]:
    """The same as `apply` for one report after another, each with the time when it was received, in few statements."""
    applied: list[Applied] = []
    for of_router, run in groupby(reports, lambda report: _is_of_router(report[1])):
        found = list(run)
        if of_router or len(found) == 1:
            applied += [apply(session, *report) for report in found]
        else:
            applied += _apply_run(session, found)
    return applied


def _apply_run(session: Session, run: list[Report]) -> list[Applied]:
    """Reports of sessions. Should another process write one of the same new sessions just now: one by one."""
    stories, owners, restarts = rows.known_of_many(session, [_key(report) for report in run], [nas.id for nas, *_ in run])
    before = {story.id: copy(story) for found in stories.values() for story in found}
    new: list[tuple[KnownNas, Story]] = []
    applied: list[Applied] = []
    for nas, packet, received_at in run:
        at = sent_at(packet, received_at)
        mine = stories[_key((nas, packet, received_at))]
        owner = owners.get((nas.venue_id, name_of_grant(packet.user_name)), NOBODY)
        story = find(mine, packet, at)
        first = story is None
        if story is None:
            story = _begin(mine, packet, at)
            mine.append(story)
            new.append((nas, story))
        _tell(story, nas, packet, at, owner, restarts.get(nas.id))
        applied.append(_applied(owner, story, first))
    changed = [story for found in stories.values() for story in found if story.id and story != before[story.id]]
    if not rows.write_many(session, changed, new):
        for report in sorted(run, key=_key):  # in one order, so that two processes do not hold each other up
            apply(session, *report)
    return applied


def _key(report: Report) -> rows.Key:
    nas, packet, _at = report
    return nas.id, packet.acct_session_id, packet.user_name


def _begin(stories: list[Story], packet: AccountingReport, at: datetime) -> Story:
    """A session that nothing was heard of before; the router, its id and the user may have had others."""
    number = 1 + max((story.incarnation for story in stories), default=-1)
    return Story(packet.acct_session_id, packet.user_name, number, began_at(packet, at) or at, at)


def _tell(
    story: Story, nas: KnownNas, packet: AccountingReport, at: datetime, owner: Owner, restarted_at: datetime | None
) -> None:
    swapped = _counts_for_guest(nas.kind) if packet.view is None else packet.view == "client"
    story.grant_id = story.grant_id or owner.grant_id
    story.add(packet, at, swapped, restarted_at)


def _applied(owner: Owner, story: Story, first: bool) -> Applied:
    return Applied(
        owner.visit_id, first and owner.visit_id is not None and not owner.online, story.started_at, story.grant_id is None
    )


@cache
def _counts_for_guest(kind: str | None) -> bool:
    """Whether this kind of router calls input what the guest received."""
    return kind in kinds() and gateway(str(kind)).client_view


def _is_of_router(packet: AccountingReport) -> bool:
    return packet.status in ("Accounting-On", "Accounting-Off")


def _restart(session: Session, nas: KnownNas, at: datetime) -> Applied:
    """End only what was last heard of before the restart: the packet itself may come late or twice."""
    run = session.connection().execute
    row = _ROW.c
    ended_later = (row.ended_by == "restart") & (row.stopped_at > at)
    run(
        update(_ROW)
        .where(row.nas_id == nas.id, or_(row.stopped_at.is_(None), ended_later), row.updated_at < at)
        .values(stopped_at=at, ended_by="restart", terminate_cause=RESTARTED, revision=row.revision + 1)
    )
    run(update(Nas).where(Nas.id == nas.id, or_(Nas.restarted_at.is_(None), Nas.restarted_at < at)).values(restarted_at=at))
    return Applied(None, False, at)
