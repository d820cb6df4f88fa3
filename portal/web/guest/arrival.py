"""The Wi-Fi's redirect at the border: what the gateway says of the device, and a device that comes back."""

from typing import Any

from flask import request, url_for

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.mac import Mac
from portal.gateways.base import Arrival, BadArrival, GatewaySettings, LetIn
from portal.gateways.registry import gateway
from portal.signup import lookup
from portal.signup.lookup import Ticket, seal_ticket
from portal.venues.models import GatewayConfig
from portal.web.guest.shelf import Front
from portal.web.parts import parts

URL_BYTES = 300  # a longer address would not fit into the visit's token, and is no reason to turn a guest away


def read(front: Front) -> dict[str, Any] | None:
    """The gateway's values, as they travel in the visit's token; None when no gateway of this venue vouches for them."""
    for config in front.gateways:
        try:
            arrived = gateway(config.kind).parse(request.args, settings_of(front, config), parts().clock())
        except BadArrival:
            continue
        if arrived.vouched and arrived.mac is not None:
            return _values(arrived, config)
    return None


def take_up(front: Front, values: dict[str, Any]) -> str | None:
    """Where to send a device that was here before: to the internet, or to the code it is waiting for. Writes nothing."""
    now, settings = parts().clock(), parts().settings
    device_hash = settings.keys.keyed_hash("mac", values["mac"])
    with parts().database.reading() as session:
        grant = grants.live_for(session, front.venue.id, Mac(values["mac"]), now)
        pending = lookup.pending_of_device(session, front.venue.id, device_hash, now) if grant is None else None
    if grant is not None:
        return let_in_url(front, grant)
    if pending is not None:
        return url_for("guest.verify", token=seal_ticket(settings.keys, Ticket(pending.public_id, by_mac=True), now))
    return None


def let_in_url(front: Front, grant: AccessGrant) -> str:
    """The gateway's own address that lets this device in and then returns it to our status page."""
    now, settings = parts().clock(), parts().settings
    back = settings.base_url + connected_path(grant.visit_id)
    config = next((c for c in front.gateways if c.id == grant.gateway_id), None)
    if config is None:
        return back
    let_in = LetIn(
        mac=Mac(grant.mac) if grant.mac else None, user_name=grant.user_name, password=grant.password,
        session_seconds=max(0, int((grant.expires_at - now).total_seconds())), return_url=back,
    )  # fmt: skip
    return gateway(config.kind).let_in(settings_of(front, config), let_in, now).url


def connected_path(visit_id: str) -> str:
    """The status page of a visit."""
    return url_for("guest.connected", token=parts().settings.keys.seal("connected", {"v": visit_id}, parts().clock()))


def settings_of(front: Front, config: GatewayConfig) -> GatewaySettings:
    """A gateway's row as the value that gateway modules take."""
    return GatewaySettings(config.kind, config.base_url, config.secret, front.venue.code)


def gateway_origins(front: Front) -> tuple[str, ...]:
    """Where a form of this venue may end: Chromium checks the 303 to the gateway against form-action."""
    return tuple(o for c in front.gateways for o in gateway(c.kind).form_action_origins(settings_of(front, c)))


def _values(arrived: Arrival, config: GatewayConfig) -> dict[str, Any]:
    url = arrived.original_url if len(arrived.original_url.encode()) <= URL_BYTES else ""
    values = {
        "mac": arrived.mac.hex if arrived.mac else None,
        "ip": arrived.ip,
        "gateway_id": config.id,
        "url": url,
    }
    return {key: value for key, value in values.items() if value}
