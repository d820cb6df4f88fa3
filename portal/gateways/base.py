"""What every kind of gateway speaks in: an Arrival comes out of its redirect, one of five Outcomes goes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import requests

from portal.core.errors import PortalError
from portal.core.mac import Mac

MAX_URL = 2000
Evidence = Literal["accounting", "authorized", "acknowledged", "proof_image", "none"]
ArrivalState = Literal["blocked", "online", "refused", "left"]
Refusal = Literal["", "reject", "timeout", "other"]


class BadArrival(PortalError):
    """The redirect is not from this gateway, changed on its way, or too old: `unsigned`, `malformed`, `stale`."""


@dataclass(frozen=True, slots=True)
class Knock:
    """A request that a browser brought from a gateway.

    `portal_url` is our own page as the gateway was told it, without a query; `query` is the text after the "?" as it was
    sent, because signatures cover it; `values` are its decoded pairs, the first of each name; `repeated` names the others.
    """

    portal_url: str
    query: str
    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """One configured gateway of a venue. `base_url` (scheme://host:port) is the only place a guest may be sent to.

    `options` are the kind's own: each module documents and checks them.
    """

    kind: str
    base_url: str
    secret: str = field(repr=False)
    venue_code: str
    options: Mapping[str, Any] = field(default_factory=dict)
    script_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A device that a gateway sent to us. `vouched`: the gateway itself, not the browser, says that the MAC is right.

    `original_url` is where the guest wanted to go: http or https, or empty. `extra` is what `let_in` will need back, small
    enough to travel in the visit's token; `challenge_expires_at` is when it is worth nothing any more.

    Gateways whose redirects also tell how a login ended say so in `state`: the device is `online`, was `refused` (and why)
    or has `left`; `again_url` then begins anew at the gateway. `trips` is how often we sent it there in this one go, and
    `came_back` our own URL that it was to bring back.
    `replayable`: what the gateway vouches for has no time in it, so whoever saw the redirect can show it again.
    """

    mac: Mac | None
    ip: str | None
    ap: str | None
    ssid: str | None
    original_url: str
    vouched: bool
    extra: Mapping[str, Any] = field(default_factory=dict)
    challenge_expires_at: datetime | None = None
    state: ArrivalState = "blocked"
    refusal: Refusal = ""
    trips: int = 0
    again_url: str = ""
    came_back: str = ""
    replayable: bool = False


@dataclass(frozen=True, slots=True)
class LetIn:
    """A grant as a gateway needs it. `return_url` is our page that the guest comes back to; 0 kbit/s means no limit.

    `extra` and `challenge_expires_at` are the newest Arrival's; both are empty when the device was let in before.
    """

    mac: Mac | None
    user_name: str
    password: str = field(repr=False)
    session_seconds: int
    return_url: str
    ip: str | None = None
    up_kbps: int = 0
    down_kbps: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    challenge_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the guest's browser here (303). The URL carries a secret in its path: never log it."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form that the guest's browser posts to the gateway, from a plain-http page of ours."""

    action: str
    fields: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A talk with the gateway's API for the worker to have, outside any transaction, through `carry_out`."""

    verb: Literal["let_in", "put_out"]
    facts: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RouterEntry:
    """A line that the router fetches from us at its next poll."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ByRadius:
    """Disconnect-Request or CoA-Request (RFC 5176) to the session's NAS."""


Outcome = Redirect | FormPage | ApiCall | RouterEntry | ByRadius


@dataclass(frozen=True, slots=True)
class CallResult:
    """What an ApiCall came to. `said` (≤ 60 characters) is for the owner's screen; `online`: the gateway confirmed it."""

    done: bool
    said: str
    online: bool = False
    retry: bool = True


@dataclass(frozen=True, slots=True)
class PortalUrls:
    """Our addresses as a router must be told them. `wifi` takes its redirects, `capport` its RFC 8908 clients.

    `hosts` are what its walled garden must let through; `radius` is host, ports and secret where RADIUS is used;
    `family_dns` are the resolvers that guests must be given (436-ФЗ), none where the venue filters otherwise.
    """

    wifi: str
    capport: str
    poll: str
    hosts: tuple[str, ...]
    radius_host: str = ""
    radius_auth_port: int = 1812
    radius_acct_port: int = 1813
    radius_secret: str = field(default="", repr=False)
    nas_name: str = ""
    family_dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paste:
    """One text to put into the router: `where` is a file's path or a console's name, in the router's own words."""

    where: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting that a kind has besides its address: what the command line and the dashboard ask the owner for.

    A switch holds a bool, everything else a str. A `secret` is typed by the owner (such as a controller's password) and
    never shown again. What is said about it stands in portal/web/dashboard/gateway_words.py, under its name.
    """

    name: str
    shape: Literal["text", "choice", "switch", "secret"] = "text"
    default: str | bool = ""
    choices: tuple[str, ...] = ()
    required: bool = False


class Gateway(Protocol):
    """One kind of gateway. Only `carry_out` talks to the network; nothing here reads a clock."""

    options: tuple[Option, ...]  # what GatewaySettings.options may hold
    evidence: Evidence  # what tells us that a device is online
    uses_radius: bool
    client_view: bool  # its router counts octets as the guest sees them: input is what came down, unless a packet says otherwise

    def by_worker(self, config: GatewaySettings) -> bool:
        """Does let_in give an ApiCall or a RouterEntry? Then the grant's order, not the browser, opens the gateway."""

    def check(self, config: GatewaySettings) -> None:
        """Refuse settings that cannot work or are unsafe. Raises PortalError with a code of its own."""

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read the redirect that a browser brought. Raises BadArrival, whatever it holds."""

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Outcome:
        """How the gateway is opened."""

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> Outcome:
        """How we close it again."""

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """Have the talk that an ApiCall stands for. Never raises for what the gateway does or fails to do."""

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """Origins for CSP form-action of the page whose form ends at this gateway."""

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """Everything to put into the router, whole and in order."""


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
