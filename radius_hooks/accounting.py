"""The door for Accounting-Request. 204 makes FreeRADIUS acknowledge; anything else makes the router send again."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from portal.access import accounting as room
from portal.access.packets import AccountingReport
from portal.core.logging import follow
from portal.venues import signs
from radius_hooks import returns
from radius_hooks.online import mark_online
from radius_hooks.packets import BadPacket, accounting_report, read_attributes
from radius_hooks.parts import parts

log = logging.getLogger(__name__)
bp = Blueprint("accounting", __name__)


@bp.post("/accounting/<nas_name>")
def accounting(nas_name: str) -> Response:
    """`nas_name` is the client's name in FreeRADIUS, put into the path by its configuration."""
    try:
        packet = accounting_report(read_attributes(request.get_data(cache=False)))
    except BadPacket as error:
        log.warning("unreadable report", extra={"nas": nas_name[:60], "attribute": str(error)})
        return Response(status=400)
    return Response(mimetype="application/json", status=204 if _store(nas_name, packet) else 404)


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


def _store(nas_name: str, packet: AccountingReport) -> bool:
    """False for a router that we do not know."""
    now = parts().clock()
    with parts().database.writing() as session:
        nas = parts().routers.named(session, nas_name)
        if nas is None:
            return False
        (applied,) = keep(session, [(nas, packet, now)])
    follow(applied.visit_id or "")
    log.info("accounting", extra={"nas": nas.name, "status": packet.status, "first": applied.came_online})
    return True
