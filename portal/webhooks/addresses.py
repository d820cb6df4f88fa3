"""Where a webhook may go: an https address on the open internet, checked when it is typed and again at each sending.

A name that was public yesterday may point into our own network today (DNS rebinding), so what is connected to is the very
address that was checked, never a second look-up of the name.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from portal.core.errors import PortalError

LONGEST = 300
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


class BadAddress(PortalError):
    """`bad_url` (not an https address of ours to use), `unknown_host`, `private_address`."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `path` begins with a slash and holds the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def read(url: str, *, demo: bool = False) -> Target:
    """Take an address apart. Plain http is for the demo alone. Raises BadAddress `bad_url`."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # a bracket left open, a port of letters, a label of 64
        raise BadAddress("bad_url") from None
    wanted = ("https", "http") if demo else ("https",)
    odd = parts.username is not None or parts.password is not None or not url.isprintable() or " " in url
    if parts.scheme not in wanted or not host or odd or len(url) > LONGEST or port == 0:
        raise BadAddress("bad_url")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path)


def resolve(target: Target, *, private: bool = False) -> str:
    """The numeric address to connect to. One address inside refuses the whole name. Raises BadAddress."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadAddress("unknown_host") from None
    addresses = [str(where[0]).partition("%")[0] for *_rest, where in found]
    if not private and not all(is_open(ip_address(address)) for address in addresses):
        raise BadAddress("private_address")
    return addresses[0]


def is_open(address: IPv4Address | IPv6Address) -> bool:
    """True for an address that anybody on the internet could reach, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        if inside is not None:
            return is_open(inside)
    outside = address.is_global and not address.is_multicast and not address.is_reserved
    return outside and not getattr(address, "is_site_local", False)
