"""The door that FreeRADIUS knocks at for every Access-Request. It reads, and decides; it writes nothing."""

import logging

from flask import Blueprint, Response, request

from portal.access.authorization import Decision, decide
from portal.access.nas import find_nas
from portal.access.packets import AccessRequest
from portal.core.logging import follow
from radius_hooks.packets import BadPacket, access_request, read_attributes
from radius_hooks.parts import parts
from radius_hooks.replies import Reply, reply_to

log = logging.getLogger(__name__)
bp = Blueprint("authorize", __name__)


@bp.post("/authorize/<nas_name>")
def authorize(nas_name: str) -> Reply | Response:
    """`nas_name` is the client's name in FreeRADIUS, put into the path by its configuration."""
    try:
        packet = access_request(read_attributes(request.get_data(cache=False)))
    except BadPacket as error:
        log.warning("unreadable request", extra={"nas": nas_name[:60], "attribute": str(error)})
        return Response(status=400)
    return reply_to(_decision(nas_name, packet))


def _decision(nas_name: str, packet: AccessRequest) -> Decision:
    now = parts().clock()
    with parts().database.reading() as session:
        nas = find_nas(session, nas_name)
        decision = decide(session, nas, packet, now) if nas else Decision(False, "unknown")
    follow(decision.class_ or "")
    log.info("authorize", extra={"nas": nas_name[:60], "reason": decision.reason, "seconds": decision.session_timeout})
    return decision
