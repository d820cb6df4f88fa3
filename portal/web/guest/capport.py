"""The Captive Portal API (RFC 8908): a phone asks whether it is captive, at an address that names it (RFC 8910 §2).

The device is named by the MAC that its gateway puts into the path. The gateway's key in front of it, 96 random bits, is known
to whoever was on that Wi-Fi; with it and a device's MAC one can learn whether that device is online at this venue now,
which the air of the venue tells as well. Nothing else is answered: a device without a grant, an unknown one and a name that is
no MAC look the same, so no signature is asked for (routers could not make one). Changing the gateway's secrets changes the key.
"""

from datetime import datetime
from typing import Any

from flask import Response, json, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.access import captivity
from portal.access.models import AccessGrant
from portal.core.mac import parse_mac
from portal.gateways.registry import gateway as kind_of
from portal.venues import directory
from portal.venues.directory import KnownGateway
from portal.web.guest import bp
from portal.web.parts import parts

CAPTIVE_JSON = "application/captive+json"
HEADERS = {"Cache-Control": "private, no-store", "Vary": "Accept"}


@bp.get("/capport/<gateway>/<identity>")
def capport(gateway: str, identity: str) -> AnyResponse:
    """Answer an operating system; send a browser to the portal's page (RFC 8908 §4.1 lets both share the address)."""
    now = parts().clock()
    with parts().database.reading() as session:
        known = directory.gateway_by_key(session, gateway)
        grant = _grant(session, known, identity, now) if known else None
    if known is None:
        return Response(status=404, headers=HEADERS)
    if request.accept_mimetypes.best_match([CAPTIVE_JSON, "text/html"], CAPTIVE_JSON) == "text/html":
        answer = redirect(url_for("guest.enter", gateway=gateway), 302)
        answer.headers.update(HEADERS)
        return answer
    return Response(json.dumps(_state(known, gateway, grant, now)), content_type=CAPTIVE_JSON, headers=HEADERS)


@bp.get("/enter/<gateway>")
def enter(gateway: str) -> AnyResponse:
    """Only the gateway can introduce a device: go to a plain-http page that it steps in on. Answers no device's name."""
    settings = parts().settings
    with parts().database.reading() as session:
        known = directory.gateway_by_key(session, gateway)
    if known is None:
        return redirect(url_for("guest.index"), 302)
    if settings.proof_host:
        host = settings.proof_url.partition("://")[2] if settings.proof_url.startswith("http:") else settings.proof_host
        return redirect(f"http://{host}{url_for('guest.not_captive', gateway=gateway)}", 302)
    return redirect(known.base_url + "/", 302)


def _grant(session: Any, known: KnownGateway, identity: str, now: datetime) -> AccessGrant | None:
    try:
        mac = parse_mac(identity[:40])
    except ValueError:
        return None
    return captivity.free_grant(session, known.venue_id, mac, kind_of(known.kind).evidence, now)


def _state(known: KnownGateway, key: str, grant: AccessGrant | None, now: datetime) -> dict[str, Any]:
    base = parts().settings.base_url
    state: dict[str, Any] = {
        "captive": grant is None,
        "user-portal-url": base + url_for("guest.enter", gateway=key),
        "venue-info-url": base + url_for("guest.linked", venue_code=known.venue_code),
    }
    if grant is not None:
        left = max(0, int((grant.expires_at - now).total_seconds()))
        state |= {"can-extend-session": False, "seconds-remaining": left}
    return state
