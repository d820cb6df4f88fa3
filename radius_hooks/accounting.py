"""The door for Accounting-Request. 204 makes FreeRADIUS acknowledge; anything else makes the router send again."""

import logging

from flask import Blueprint, Response, request

from portal.access import accounting as room
from portal.access.nas import find_nas
from portal.access.packets import AccountingReport
from portal.core.logging import follow
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


def _store(nas_name: str, packet: AccountingReport) -> bool:
    """False for a router that we do not know."""
    now = parts().clock()
    with parts().database.writing() as session:
        nas = find_nas(session, nas_name)
        if nas is None:
            return False
        applied = room.apply(session, nas, packet, now)
        if applied.came_online and applied.visit_id:
            mark_online(session, applied.visit_id, applied.at)
    follow(applied.visit_id or "")
    log.info("accounting", extra={"nas": nas.name, "status": packet.status, "first": applied.came_online})
    return True
