"""The page's tiny asset: a visit counts when the page is seen, not when somebody fetched it ahead."""

import base64

from flask import Response, request
from sqlalchemy.exc import OperationalError

from portal.acquisition import visits
from portal.acquisition.bots import classify
from portal.acquisition.entry import SEEN_FOR, open_entry
from portal.core.errors import PortalError
from portal.core.logging import follow
from portal.venues import signs
from portal.web.guest import bp
from portal.web.guest.client import client_of
from portal.web.parts import parts

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@bp.get("/seen/<token>")
def seen(token: str) -> Response:
    """Record the visit. A picture comes back whatever happens: the page must not show a broken one."""
    who = classify(request.method, request.headers)
    if who.kind in ("person", "bot"):
        try:
            _record(token, who.reason)
        except (PortalError, OperationalError):
            return pixel(404)
    return pixel(200)


def _record(token: str, bot_reason: str | None) -> None:
    now = parts().clock()
    entry = open_entry(parts().settings.keys, token, now, SEEN_FOR)
    follow(entry.visit_id)
    client = client_of(entry.arrival, bot_reason)
    with parts().database.writing() as session:
        visits.continue_or_record(session, entry, client, now, seen=True)
        if gateway_id := entry.arrival.get("gateway_id"):
            signs.note(session, gateway_id, "redirect", now)


def pixel(status: int) -> Response:
    """The smallest picture that every browser knows."""
    return Response(PIXEL, status, content_type="image/gif")
