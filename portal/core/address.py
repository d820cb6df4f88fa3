"""Internet addresses as a server sees them: read once at the border."""

import socket
from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Does this host name or address mean the machine itself?"""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def is_every(host: str) -> bool:
    """True for what a server listens on to be reached by each of the machine's addresses: 0.0.0.0, ::."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def own_address() -> str:
    """By which others in the network reach this machine; empty without a network. Nothing is sent: only a route is chosen."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def with_port(host: str, port: int) -> str:
    """As it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def read_address(seen: str | None) -> str:
    """The canonical address of a client, at most 39 characters; empty where there is none (a Unix socket) or it is no address.

    A server that listens on `::` sees IPv4 clients as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2), all of them in one /64; a link-local
    client comes with its zone (`fe80::1%eth0`).
    """
    try:
        address = ip_address((seen or "").partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
