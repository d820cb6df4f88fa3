"""Kinds of gateways by the name that is stored with a venue's gateway."""

from portal.core.errors import PortalError
from portal.gateways.base import Gateway
from portal.gateways.chilli import CoovaChilli
from portal.gateways.keenetic import Keenetic
from portal.gateways.mikrotik import MikroTik
from portal.gateways.opennds import OpenNds
from portal.gateways.simulator import Simulator
from portal.gateways.unifi import UniFi

_KINDS: dict[str, Gateway] = {
    "simulator": Simulator(),
    "coovachilli": CoovaChilli(),
    "keenetic": Keenetic(),
    "mikrotik": MikroTik(),
    "opennds": OpenNds(),
    "unifi": UniFi(),
}


def kinds() -> tuple[str, ...]:
    """Every kind that a venue can have."""
    return tuple(_KINDS)


def gateway(kind: str) -> Gateway:
    """Raises PortalError `unknown_gateway`."""
    found = _KINDS.get(kind)
    if found is None:
        raise PortalError("unknown_gateway", kind=kind)
    return found
