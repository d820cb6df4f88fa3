"""The Wi-Fi's redirect at the border: what the gateway says of the device, and a device that comes back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core import metrics
from portal.core.mac import Mac
from portal.core.tokens import BadToken
from portal.gateways.base import Arrival, BadArrival, FormPage, GatewaySettings, Knock, LetIn, Outcome, Redirect
from portal.gateways.registry import gateway
from portal.signup import lookup, opening
from portal.signup.lookup import Ticket, seal_ticket
from portal.venues.models import GatewayConfig
from portal.web.guest.go import go_address
from portal.web.guest.shelf import Front
from portal.web.parts import parts

OWN_LINK_FOR = timedelta(hours=1)  # a login takes seconds
URL_BYTES = 300  # a longer address would not fit into the visit's token, and is no reason to turn a guest away


def read(front: Front) -> dict[str, Any] | None:
    """The gateway's values, as they travel in the visit's token; None when they fit no gateway of this venue.

    A gateway that vouches for the MAC goes before one that cannot.
    """
    knock, hint, said = knock_of(front), None, ("none", "no_gateway")
    for config in front.gateways:
        try:
            arrived = gateway(config.kind).parse(knock, settings_of(front, config), parts().clock())
        except BadArrival as error:
            said = said if hint else (config.kind, error.code)
            continue
        if arrived.mac is not None and (arrived.vouched or hint is None):
            hint = _values(arrived, config, by_worker=gateway(config.kind).by_worker(settings_of(front, config)))
            said = (config.kind, "_".join(filter(None, (arrived.state, arrived.refusal))))
        if arrived.vouched and hint:
            break
    metrics.arrived(*said)
    return hint


def knock_of(front: Front) -> Knock:
    """The request as gateway modules take it."""
    values: dict[str, str] = {}
    repeated = set()
    for name, value in request.args.items(multi=True):
        if name in values:
            repeated.add(name)
        values.setdefault(name, value)
    query = request.query_string.decode("latin-1")
    return Knock(portal_url(front.venue.code), query, values, frozenset(repeated))


def portal_url(venue_code: str) -> str:
    """The page that gateways of a venue send their guests to."""
    return parts().settings.base_url + url_for("guest.joined", venue_code=venue_code)


def take_up(front: Front, values: dict[str, Any]) -> AnyResponse | None:
    """Where to send a device that was here before: to the internet, or to the code it is waiting for.

    Writes nothing, except one order where the worker or the router has let it in and it is shut out all the same.
    """
    now, settings = parts().clock(), parts().settings
    device_hash = settings.keys.keyed_hash("mac", values["mac"])
    with parts().database.reading() as session:
        grant = grants.live_for(session, front.venue.id, Mac(values["mac"]), now)
        pending = lookup.pending_of_device(session, front.venue.id, device_hash, now) if grant is None else None
        shut_out = grant is not None and bool(values.get("w")) and opening.needs_reopening(session, grant, values, now)
    if grant is not None and _may_take_up(grant, values):
        if shut_out:
            _reopen(grant, values, now)
        return open_gateway(front, grant, values, by_mac=is_claimed(values))
    if pending is not None:
        ticket = seal_ticket(settings.keys, Ticket(pending.public_id, by_mac=True), now)
        return redirect(url_for("guest.verify", token=ticket), 303)
    return None


def _may_take_up(grant: AccessGrant, values: Mapping[str, Any]) -> bool:
    """A MAC that only the browser told opens nothing to the browser that told it (openNDS, level 1).

    Somebody else looks at the MAC first, RADIUS or the worker; or it is the guest, who was given a link at the code.
    """
    seen_again = values.get("vouched") or values.get("w") or gateway(values["kind"]).uses_radius
    return bool(seen_again or _own_path(values.get("back", ""), grant, proven=True))


def is_claimed(values: Mapping[str, Any]) -> bool:
    """The browser's word alone, or a redirect that anybody who saw it can show again, says that this is the device."""
    return not values.get("vouched") or bool(values.get("r"))


def _reopen(grant: AccessGrant, values: Mapping[str, Any], now: datetime) -> None:
    with parts().database.writing() as session:
        opening.reopen(session, grant, values, now)


def open_gateway(front: Front, grant: AccessGrant, values: Mapping[str, Any], *, by_mac: bool = False) -> AnyResponse:
    """Answer with what lets this device in and then returns it to our status page. `values` are its newest arrival's.

    `by_mac`: nothing but a MAC that the browser claimed led to the grant, see `is_claimed`.
    """
    now = parts().clock()
    back = _own_path(values.get("back", ""), grant) or connected_path(grant.visit_id, by_mac=by_mac)
    at = values.get("gateway_id", grant.gateway_id)  # a guest may have walked over to another of the venue's
    config = next((c for c in front.gateways if c.id == at), None)
    if config is None:
        return redirect(back, 303)
    expires, login = values.get("xe"), grants.login(grant, now, config.id)
    let_in = LetIn(
        mac=Mac(grant.mac) if grant.mac else None, user_name=login.user_name, password=login.password,
        session_seconds=max(0, int((grant.expires_at - now).total_seconds())), return_url=parts().settings.base_url + back,
        ip=values.get("ip"), up_kbps=grant.up_kbps, down_kbps=grant.down_kbps, extra=values.get("x", {}),
        challenge_expires_at=datetime.fromtimestamp(expires, UTC) if expires else None,
    )  # fmt: skip
    return answer(gateway(config.kind).let_in(settings_of(front, config), let_in, now), back, front)


def answer(outcome: Outcome, back: str, front: Front) -> AnyResponse:
    """An https page must never submit a form to an http gateway itself: 303, or a plain-http page of ours.

    What the worker or the router does is waited for on the status page.
    """
    if isinstance(outcome, Redirect):
        return redirect(outcome.url, 303)
    return redirect(go_address(outcome, front.venue.id) if isinstance(outcome, FormPage) else back, 303)


def _own_path(link: str, grant: AccessGrant, *, proven: bool = False) -> str:
    """The path of the status page that the guest was given before this trip to the gateway; empty for any other link.

    `proven`: one that was given for a code, not for a MAC.
    """
    path, start = urlsplit(link).path, url_for("guest.connected", token="-").removesuffix("-")  # noqa: S106
    try:
        keys, now = parts().settings.keys, parts().clock()
        facts = keys.unseal("connected", path.removeprefix(start), now, OWN_LINK_FOR)
    except BadToken:
        return ""
    return path if facts["v"] == grant.visit_id and not (proven and facts.get("m")) else ""


def connected_path(visit_id: str, *, by_mac: bool = False) -> str:
    """The status page of a visit; `by_mac`: to look at, for whoever claims its MAC, with nothing to press."""
    now = parts().clock()
    facts = {"v": visit_id, "t": int(now.timestamp())}  # t: when the gateway was asked to open
    facts |= {"m": 1} if by_mac else {}
    return url_for("guest.connected", token=parts().settings.keys.seal("connected", facts, now))


def settings_of(front: Front, config: GatewayConfig) -> GatewaySettings:
    """A gateway's row as the value that gateway modules take."""
    return GatewaySettings(config.kind, config.base_url, config.secret, front.venue.code, config.options, config.script_key)


def gateway_origins(front: Front) -> tuple[str, ...]:
    """Where a form of this venue may end: Chromium checks the 303 to the gateway against form-action."""
    gateways = [o for c in front.gateways for o in gateway(c.kind).form_action_origins(settings_of(front, c))]
    plain = parts().settings.plain_url
    return (*gateways, plain) if gateways and plain else tuple(gateways)


def _values(arrived: Arrival, config: GatewayConfig, *, by_worker: bool) -> dict[str, Any]:
    url = arrived.original_url if len(arrived.original_url.encode()) <= URL_BYTES else ""
    expires = arrived.challenge_expires_at
    values = {
        "mac": arrived.mac.hex if arrived.mac else None,
        "ip": arrived.ip,
        "ap": arrived.ap,
        "ssid": arrived.ssid,
        "gateway_id": config.id,
        "kind": config.kind,
        "vouched": arrived.vouched,
        "r": int(arrived.replayable),
        "url": url,
        "x": dict(arrived.extra),
        "xe": int(expires.timestamp()) if expires else None,
        "w": int(by_worker),  # read by signup/opening.py
        "trips": arrived.trips,
    }
    if arrived.state != "blocked" or arrived.trips or arrived.came_back:  # what web/guest/told.py answers to
        values |= {"state": arrived.state, "refusal": arrived.refusal, "again": arrived.again_url, "back": arrived.came_back}
    return {key: value for key, value in values.items() if value}
