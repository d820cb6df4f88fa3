"""The pretend router's side of the talk: signed redirects in, signed tickets out. For the demo and the tests.

A redirect is `mac`, `ip`, `url`, `ts` (Unix seconds) and `sig`, the HMAC-SHA256 of the four by the gateway's secret. A
ticket is base64url(JSON) "." HMAC and travels in the path, because it holds the grant's password.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

from portal.core.mac import Mac, parse_mac
from portal.gateways.base import (
    ApiCall,
    Arrival,
    BadArrival,
    CallResult,
    Evidence,
    GatewaySettings,
    Knock,
    LetIn,
    Option,
    Paste,
    PortalUrls,
    Redirect,
    origin,
    web_url,
)

MAX_AGE_SECONDS = 600
TICKET_SECONDS = 120
TIMEOUT = (3, 5)  # seconds to connect, to answer
SIGNED = ("mac", "ip", "url", "ts")


class Simulator:
    """The Gateway of kind `simulator`."""

    options: tuple[Option, ...] = ()
    evidence: Evidence = "accounting"
    uses_radius = True
    client_view = False

    def by_worker(self, config: GatewaySettings) -> bool:
        """Never: the guest's browser carries the ticket."""
        return False

    def check(self, config: GatewaySettings) -> None:
        """Whatever its address is."""

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read a redirect that the pretend router signed not more than ten minutes ago. Raises BadArrival."""
        values = {name: knock.values.get(name, "") for name in SIGNED}
        given = knock.values.get("sig", "")[:80].encode("utf-8", "replace")
        if not hmac.compare_digest(given, sign_arrival(config.secret, values).encode()):
            raise BadArrival("unsigned")
        try:
            mac, ip, at = parse_mac(values["mac"]), str(ipaddress.ip_address(values["ip"])), int(values["ts"])
        except ValueError as error:
            raise BadArrival("malformed") from error
        if abs(now.timestamp() - at) > MAX_AGE_SECONDS:
            raise BadArrival("stale")
        return Arrival(mac, ip, None, None, web_url(values["url"]), vouched=True)

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Redirect:
        """The router's /let-in/<ticket>, good once and for two minutes."""
        ticket = {
            "do": "let-in",
            "id": secrets.token_urlsafe(12),
            "mac": grant.mac.hex if grant.mac else "",
            "user_name": grant.user_name,
            "password": grant.password,
            "seconds": grant.session_seconds,
            "back": grant.return_url,
            "exp": int(now.timestamp()) + TICKET_SECONDS,
        }
        return Redirect(f"{config.base_url}/let-in/{sign_ticket(config.secret, ticket)}")

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> ApiCall:
        """The router's /put-out."""
        ticket = {
            "do": "put-out",
            "id": secrets.token_urlsafe(12),
            "mac": mac.hex,
            "exp": int(now.timestamp()) + TICKET_SECONDS,
        }
        return ApiCall("put_out", {"ticket": sign_ticket(config.secret, ticket)})

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """Post the ticket. 404 is a device that the router does not know: it is off already."""
        body = str(call.facts["ticket"]).encode()
        headers = {"Content-Type": "text/plain"}
        try:
            said = http.post(f"{config.base_url}/put-out", data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            return CallResult(False, type(error).__name__)
        return CallResult(said.status_code in (200, 204, 404), f"HTTP {said.status_code}")

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """The router's own origin."""
        return (origin(config.base_url),)

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """The command that starts the pretend router."""
        command = f"SIMULATOR_GATEWAY_SECRET={config.secret} python -m portal.gateways.simulated_router"
        return (
            Paste("shell", f"{command} --portal-url {origin(urls.wifi)} --venue {config.venue_code} --nas {urls.nas_name}\n"),
        )


def sign_arrival(secret: str, values: Mapping[str, str]) -> str:
    """64 hex digits over the signed values, each with its length, so that none can flow into the next."""
    text = "".join(f"{len(values[name])}:{values[name]}" for name in SIGNED)
    return _mac(secret, "arrival", text.encode("utf-8", "replace"))


def sign_ticket(secret: str, ticket: dict[str, Any]) -> str:
    """A ticket that only the holder of the secret can make."""
    body = base64.urlsafe_b64encode(json.dumps(ticket).encode()).rstrip(b"=")
    return f"{body.decode()}.{_mac(secret, 'ticket', body)}"


def open_ticket(secret: str, token: str, do: str, now: float) -> dict[str, Any]:
    """The ticket of a purpose (`let-in`, `put-out`), not older than it says. Raises BadArrival. `now` in Unix seconds."""
    body, _, given = token.rpartition(".")
    if not hmac.compare_digest(
        given.encode("utf-8", "replace"), _mac(secret, "ticket", body.encode("utf-8", "replace")).encode()
    ):
        raise BadArrival("unsigned")
    ticket: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if ticket.get("do") != do:
        raise BadArrival("malformed")
    if now > ticket["exp"]:
        raise BadArrival("stale")
    return ticket


def _mac(secret: str, purpose: str, body: bytes) -> str:
    key = hmac.digest(secret.encode(), b"vestibule-simulator:" + purpose.encode(), hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256).hex()
