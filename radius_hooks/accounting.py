"""What routers report, stored: sessions, the visits that came online by them, and the signs that a gateway works."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from portal.access import accounting as room
from portal.venues import signs
from radius_hooks import returns
from radius_hooks.online import mark_online


def keep(session: Session, reports: Sequence[room.Report]) -> list[room.Applied]:
    """Store reports, each with the time when it was received; bring their visits online and note what works."""
    applied = [_adopted(session, *pair) for pair in zip(reports, room.apply_many(session, reports), strict=True)]
    first_online: dict[str, datetime] = {}
    for one in applied:
        if one.came_online and one.visit_id:
            first_online[one.visit_id] = min(one.at, first_online.get(one.visit_id, one.at))
    for visit_id in sorted(first_online):
        mark_online(session, visit_id, first_online[visit_id])
    _note_signs(session, reports, applied)
    return applied


def _note_signs(session: Session, reports: Sequence[room.Report], applied: Sequence[room.Applied]) -> None:
    """Each gateway's once, however many reports there are."""
    found: dict[tuple[int, signs.Sign], datetime] = {}
    for (nas, _packet, received_at), one in zip(reports, applied, strict=True):
        if nas.gateway_id is not None:
            found[nas.gateway_id, "accounting"] = received_at
            if one.came_online:
                found[nas.gateway_id, "online"] = received_at
    for gateway_id, sign in sorted(found):
        signs.note(session, gateway_id, sign, found[gateway_id, sign])


def _adopted(session: Session, report: room.Report, one: room.Applied) -> room.Applied:
    """A session under a name that is no login of ours may be a remembered device's."""
    if not one.orphan:
        return one
    visit_id = returns.adopt(session, *report, one.at)
    return one if visit_id is None else replace(one, visit_id=visit_id, came_online=True)
