"""The proof of internet: a picture on our second host, which no walled garden lets through. Nothing else lives there.

What a hit proves: whoever holds the link of this visit's status page reached a host on the internet, while its grant was
live, from the public network that the form came from. It does not prove that the very device passed the gateway: another
one on the same uplink could show the same page. So it moves a step of the visit, and grants nothing.
"""

import ipaddress
from datetime import datetime, timedelta

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants
from portal.access.models import AccessGrant
from portal.acquisition.bots import classify
from portal.acquisition.models import Visit
from portal.core.address import read_address
from portal.core.errors import PortalError
from portal.core.logging import follow
from portal.signup.online import came_online
from portal.venues import directory
from portal.web.guest import bp
from portal.web.guest.seen import PIXEL
from portal.web.parts import parts

FOR = timedelta(minutes=2)  # a picture is asked for with its page: what comes later is a replay
_SAME_NETWORK = {4: 24, 6: 64}  # leading bits of an address that one uplink shares


@bp.get("/proof/<token>.gif")
def proof(token: str) -> Response:
    """Note that the device is online. The picture is the same whatever was noted."""
    if classify(request.method, request.headers).kind == "person":
        try:
            _note(token)
        except (PortalError, OperationalError):
            return _picture(404)
    return _picture(200)


@bp.get("/proof/enter/<gateway>")
def not_captive(gateway: str) -> AnyResponse:
    """Where a gateway would have stepped in (capport.enter): the device is past it already, so show the venue's page."""
    with parts().database.reading() as session:
        known = directory.gateway_by_key(session, gateway)
    base = parts().settings.base_url
    return redirect(base + (url_for("guest.linked", venue_code=known.venue_code) if known else "/"), 302)


def proof_url(visit_id: str, now: datetime) -> str:
    """The picture's address for one look at the status page; empty in a house without a second host."""
    settings = parts().settings
    if not settings.proof_url:
        return ""
    return settings.proof_url + url_for("guest.proof", token=settings.keys.seal("proof", {"v": visit_id}, now))


def _note(token: str) -> None:
    now = parts().clock()
    visit_id = parts().settings.keys.unseal("proof", token, now, FOR)["v"]
    follow(visit_id)
    with parts().database.reading() as session:
        counts = _counts(session, visit_id, now)
    if counts:
        with parts().database.writing() as session:
            came_online(session, visit_id, now, "proof_image")


def _counts(session: Session, visit_id: str, now: datetime) -> bool:
    grant: AccessGrant | None = grants.by_visit(session, visit_id)
    if grant is None or grant.revoked_at is not None or grant.expires_at <= now or grant.online_at is not None:
        return False
    came_from = session.scalar(select(Visit.ip).where(Visit.public_id == visit_id))
    return came_from is None or _near(came_from, read_address(request.remote_addr))


def _near(one: str, other: str) -> bool:
    """Two addresses that may be one uplink's. Of different families nothing can be said: phones use both at once."""
    try:
        first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    except ValueError:
        return True
    if first.version != second.version:
        return True
    return second in ipaddress.ip_network((first, _SAME_NETWORK[first.version]), strict=False)


def _picture(status: int) -> Response:
    return Response(PIXEL, status, content_type="image/gif", headers={"Cache-Control": "no-store"})
