"""The door that FreeRADIUS knocks at for every Access-Request. It reads, and decides; it writes nothing.

It stands before Flask, whose way to a view and back costs more than the decision: all guests of a venue that opens its doors
pass here within a minute, and the router gives up after three seconds.
"""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from portal.access.authorization import Decision, decide
from portal.access.packets import AccessRequest
from portal.core.logging import follow
from radius_hooks.guards import Guard
from radius_hooks.packets import BadPacket, access_request, read_attributes
from radius_hooks.parts import Parts
from radius_hooks.replies import reply_to

log = logging.getLogger(__name__)
PATH = "/authorize/"
LONGEST = 64 * 1024
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    403: "403 Forbidden",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}


class Door:
    """WSGI: answers `POST /authorize/<router>`, where the router is the client's name in FreeRADIUS; passes on the rest."""

    def __init__(self, parts: Parts, guard: Guard, others: Callable[..., Iterable[bytes]]) -> None:
        self._parts, self._guard, self._others = parts, guard, others

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """See PEP 3333."""
        path = environ["PATH_INFO"]
        if not path.startswith(PATH) or "/" in path[len(PATH) :] or environ["REQUEST_METHOD"] != "POST":
            return self._others(environ, start)
        status, body = self._answer(path[len(PATH) :], environ)
        start(_STATUS[status], [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return (body,)

    def _answer(self, nas_name: str, environ: dict[str, Any]) -> tuple[int, bytes]:
        if not self._guard.knows(environ):
            return 403, b""
        try:
            packet = access_request(read_attributes(get_input_stream(environ, max_content_length=LONGEST).read()))
            return 200, json.dumps(reply_to(self._decision(nas_name, packet))).encode()
        except BadPacket as error:
            log.warning("unreadable request", extra={"nas": nas_name[:60], "attribute": str(error)})
            return 400, b""
        except RequestEntityTooLarge:
            return 413, b""
        except DATABASE_AWAY as error:  # FreeRADIUS then stays silent, and the router asks again
            log.error("database away", extra={"kind": type(error).__name__})
            return 503, b""

    def _decision(self, nas_name: str, packet: AccessRequest) -> Decision:
        now = self._parts.clock()
        with self._parts.database.glancing() as session:
            decision = decide(session, nas_name, packet, now)
        if not decision.accept:  # FreeRADIUS writes accepts down itself, with the same trace
            follow(decision.class_ or "")
            log.info("authorize", extra={"nas": nas_name[:60], "reason": decision.reason})
        if decision.gateway_id is not None:
            self._parts.radius_signs.note(decision.gateway_id, now)
        return decision
