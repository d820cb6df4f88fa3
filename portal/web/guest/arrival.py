"""The Wi-Fi's redirect at the border: what the gateway says of the device, and a device that comes back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.mac import Mac
from portal.gateways.base import Arrival, BadArrival, FormPage, GatewaySettings, Knock, LetIn, Outcome, Redirect
from portal.gateways.registry import gateway
from portal.signup import lookup
from portal.signup.lookup import Ticket, seal_ticket
from portal.venues.models import GatewayConfig
from portal.web.guest.shelf import Front
from portal.web.parts import parts

URL_BYTES = 300  # a longer address would not fit into the visit's token, and is no reason to turn a guest away


def read(front: Front) -> dict[str, Any] | None:
    """The gateway's values, as they travel in the visit's token; None when they fit no gateway of this venue.

    A gateway that vouches for the MAC goes before one that cannot.
    """
    knock, hint = knock_of(front), None
    for config in front.gateways:
        try:
            arrived = gateway(config.kind).parse(knock, settings_of(front, config), parts().clock())
        except BadArrival:
            continue
        if arrived.mac is not None and (arrived.vouched or hint is None):
            hint = _values(arrived, config)
        if arrived.vouched and hint:
            break
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
    """Where to send a device that was here before: to the internet, or to the code it is waiting for. Writes nothing."""
    now, settings = parts().clock(), parts().settings
    device_hash = settings.keys.keyed_hash("mac", values["mac"])
    with parts().database.reading() as session:
        grant = grants.live_for(session, front.venue.id, Mac(values["mac"]), now)
        pending = lookup.pending_of_device(session, front.venue.id, device_hash, now) if grant is None else None
    if grant is not None:
        return open_gateway(front, grant, values)
    if pending is not None:
        ticket = seal_ticket(settings.keys, Ticket(pending.public_id, by_mac=True), now)
        return redirect(url_for("guest.verify", token=ticket), 303)
    return None


def open_gateway(front: Front, grant: AccessGrant, values: Mapping[str, Any]) -> AnyResponse:
    """Answer with what lets this device in and then returns it to our status page. `values` are its newest arrival's."""
    now = parts().clock()
    back = connected_path(grant.visit_id)
    config = next((c for c in front.gateways if c.id == grant.gateway_id), None)
    if config is None:
        return redirect(back, 303)
    expires = values.get("xe")
    let_in = LetIn(
        mac=Mac(grant.mac) if grant.mac else None, user_name=grant.user_name, password=grant.password,
        session_seconds=max(0, int((grant.expires_at - now).total_seconds())), return_url=parts().settings.base_url + back,
        ip=values.get("ip"), up_kbps=grant.up_kbps, down_kbps=grant.down_kbps, extra=values.get("x", {}),
        challenge_expires_at=datetime.fromtimestamp(expires, UTC) if expires else None,
    )  # fmt: skip
    return answer(gateway(config.kind).let_in(settings_of(front, config), let_in, now), back)


def answer(outcome: Outcome, back: str) -> AnyResponse:
    """An https page must never submit a form to an http gateway itself: 303, or a plain-http page of ours.

    What the worker or the router does is waited for on the status page.
    """
    if isinstance(outcome, Redirect):
        return redirect(outcome.url, 303)
    assert not isinstance(outcome, FormPage)
    return redirect(back, 303)


def connected_path(visit_id: str) -> str:
    """The status page of a visit."""
    return url_for("guest.connected", token=parts().settings.keys.seal("connected", {"v": visit_id}, parts().clock()))


def settings_of(front: Front, config: GatewayConfig) -> GatewaySettings:
    """A gateway's row as the value that gateway modules take."""
    return GatewaySettings(config.kind, config.base_url, config.secret, front.venue.code, config.options, config.script_key)


def gateway_origins(front: Front) -> tuple[str, ...]:
    """Where a form of this venue may end: Chromium checks the 303 to the gateway against form-action."""
    return tuple(o for c in front.gateways for o in gateway(c.kind).form_action_origins(settings_of(front, c)))


def _values(arrived: Arrival, config: GatewayConfig) -> dict[str, Any]:
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
        "url": url,
        "x": dict(arrived.extra),
        "xe": int(expires.timestamp()) if expires else None,
    }
    return {key: value for key, value in values.items() if value}
