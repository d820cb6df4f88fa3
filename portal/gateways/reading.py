"""Values that gateways bring through a browser, read at the border."""

import ipaddress

from portal.core.mac import Mac, parse_mac
from portal.gateways.base import BadArrival


def read_mac(written: str) -> Mac:
    """A device's address in any of the five writings. Raises BadArrival."""
    try:
        return parse_mac(written)
    except ValueError as error:
        raise BadArrival("malformed") from error


def read_ip(written: str) -> str:
    """A device's IP address, in its shortest form. Raises BadArrival."""
    try:
        return str(ipaddress.ip_address(written))
    except ValueError as error:
        raise BadArrival("malformed") from error
