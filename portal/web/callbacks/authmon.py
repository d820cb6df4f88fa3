"""openNDS's authmon (levels 3 and 4) asks on the page that guests are sent to: POST, from level 4 on GET.

Anybody can ask: the name that it gives its gateway is shown to guests. So what it says deletes nothing. The list holds
hashes that open the router only for devices that were let in anyway; "acknowledged" is weak evidence and is called that;
figures of ended sessions are kept as unverified. Whatever comes, the answer is short and a 200.
"""

from collections.abc import Mapping
from datetime import datetime

from flask import Response, request
from prometheus_client import Counter
from sqlalchemy.orm import Session

from portal.access import fetched
from portal.gateways import opennds_list
from portal.gateways.base import GatewaySettings
from portal.gateways.opennds import says_its_name
from portal.signup.online import came_online
from portal.venues import directory
from portal.web.callbacks import bp
from portal.web.parts import parts

MAX_BODY = 8192
ASKED = Counter("vestibule_authmon", "Questions of openNDS routers.", ("outcome",))
NOTHING = "*"


@bp.post("/wifi/<venue_code>")
def authmon(venue_code: str) -> Response:
    """Level 3."""
    request.max_content_length = MAX_BODY
    request.max_form_memory_size = MAX_BODY
    return _answer(venue_code, request.form)


@bp.before_app_request
def authmon_by_get() -> Response | None:
    """Level 4: taken out of the guests' way before their page is made."""
    if request.endpoint != "guest.joined" or "auth_get" not in request.args:
        return None
    return _answer(str((request.view_args or {})["venue_code"]), request.args)


def _answer(venue_code: str, fields: Mapping[str, str]) -> Response:
    verb, text = fields.get("auth_get", ""), opennds_list.text_of(fields.get("payload", "")[:MAX_BODY])
    now = parts().clock()
    with parts().database.reading() as session:
        gateway_id = _named(session, venue_code[:40].lower(), fields.get("gatewayhash", ""))
        listed = fetched.entries(session, gateway_id, now) if gateway_id and verb == "view" and text == "none" else []
    outcome, said = ("unknown", NOTHING) if gateway_id is None else _heard(gateway_id, verb, text, listed, now)
    ASKED.labels(outcome).inc()
    return Response(said, content_type="text/plain; charset=utf-8")


def _named(session: Session, venue_code: str, given: str) -> int | None:
    for row in directory.gateways_at(session, venue_code, "opennds"):
        config = GatewaySettings(row.kind, row.base_url, row.secret, venue_code, row.options, row.script_key)
        if says_its_name(config, given):
            return row.id
    return None


def _heard(gateway_id: int, verb: str, text: str, listed: list[str], now: datetime) -> tuple[str, str]:
    if verb == "view" and text == "none":
        return "view", opennds_list.listing(listed)
    if verb == "view":
        _acknowledged(gateway_id, opennds_list.acknowledged(text), now)
        return "acknowledged", "ack"
    if verb == "deauthed":
        return _gone(gateway_id, text, now), "ack"
    return ("clear", "") if verb == "clear" else ("odd", NOTHING)


def _acknowledged(gateway_id: int, names: frozenset[str], now: datetime) -> None:
    """Most say nothing: authmon says it at every round."""
    if not names:
        return
    with parts().database.writing() as session:
        for visit_id in fetched.acknowledge(session, gateway_id, names, now):
            came_online(session, visit_id, now, "acknowledged")


def _gone(gateway_id: int, text: str, now: datetime) -> str:
    gone = opennds_list.farewell(text)
    if gone is None:
        return "odd"
    with parts().database.writing() as session:
        kept = fetched.left(session, gateway_id, gone, now, verified=False)
    return "deauthed" if kept else "deauthed_unknown"
