"""The door that FreeRADIUS knocks at for an address it does not know: a router added after its start is let in."""

import ipaddress
import logging
from typing import Any

from flask import Blueprint, Response

from portal.venues.models import Nas
from portal.venues.routers import router_at
from radius_hooks.parts import parts

log = logging.getLogger(__name__)
bp = Blueprint("clients", __name__)


@bp.post("/client/<address>")
def client(address: str) -> dict[str, Any] | Response:
    """A dynamic client's definition (FreeRADIUS: sites-available/dynamic-clients), or 404, which FreeRADIUS answers with silence.

    The definition is for this one address, also where the router was added as a network: FreeRADIUS asks about the next one.
    """
    with parts().database.reading() as session:
        nas = router_at(session, address)
    log.info("router asked for", extra={"nas": nas.name if nas else ""})
    return Response(status=404) if nas is None else _definition(nas, address)


def _definition(nas: Nas, address: str) -> dict[str, Any]:
    kind = "IPv6" if ipaddress.ip_address(address).version == 6 else "IP"
    values = {f"{kind}-Address": address, "Secret": nas.secret, "Shortname": nas.name, "Require-MA": "yes"}
    return {
        f"control:FreeRADIUS-Client-{name}": {"op": ":=", "do_xlat": False, "value": [value]} for name, value in values.items()
    }
