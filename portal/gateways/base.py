"""What every kind of gateway speaks in: an Arrival comes out of its redirect, a Redirect or an ApiCall goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from portal.core.errors import PortalError
from portal.core.mac import Mac

MAX_URL = 2000


class BadArrival(PortalError):
    """The redirect is not from this gateway, changed on its way, or too old: `unsigned`, `malformed`, `stale`."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One configured gateway of a venue. `base_url` (scheme://host:port) is the only place a guest may be sent to."""

    kind: str
    base_url: str
    secret: str = field(repr=False)
    venue_code: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that a gateway sent to us. `vouched`: the gateway's own signature covers the MAC.

    `original_url` is where the guest wanted to go: http or https, or empty. `extra` is what `let_in` will need back.
    """

    mac: Mac | None
    ip: str | None
    ap: str | None
    ssid: str | None
    original_url: str
    vouched: bool
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LetIn:
    """A grant as a gateway needs it. `return_url` is our page that the guest comes back to."""

    mac: Mac | None
    user_name: str
    password: str = field(repr=False)
    session_seconds: int
    return_url: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the guest's browser here (303). The URL carries a secret in its path: never log it."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A POST for a process of ours to make, outside any transaction."""

    url: str
    body: bytes = field(repr=False)
    content_type: str


class Gateway(Protocol):
    """One kind of gateway. All methods are pure: no network, no clock."""

    def parse(self, query: Mapping[str, str], config: GatewaySettings, now: datetime) -> Arrival:
        """Read the redirect that a browser brought. Raises BadArrival."""

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Redirect:
        """How the guest's browser opens the gateway."""

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> ApiCall:
        """How we close it again."""

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """Origins for CSP form-action of the page whose form ends at this gateway."""


def origin(url: str) -> str:
    """scheme://host:port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def web_url(text: str) -> str:
    """The text when it is a plain http(s) URL of bearable length, else empty: nothing else is ever followed."""
    if not text.isprintable() or len(text) > MAX_URL or any(c in text for c in "\\ \"'<>"):
        return ""
    try:
        parts = urlsplit(text)
        followed = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return ""
    return text if followed else ""
