"""The Universal Access Method, which CoovaChilli, Keenetic and their kin speak: a signed redirect in, one login link out.

The redirect is `?res=…&uamip=…&uamport=…&challenge=…&called=…&mac=…&ip=…&…&userurl=…&md=…`; `md` is the upper-case hex
MD5 of the whole URL before "&md=", as the gateway is configured with it, and the shared secret. It has no time in it, so
a redirect can be replayed for ever; what it says of the device stays true, and a replayed challenge opens nothing: the
gateway takes an answer only to the challenge of the device that brings it, and RADIUS compares the MAC again.

Sources: coova-chilli src/redir.c, doc/hotspotlogin.cgi; byte for byte as observed on versions 1.6 and 1.9.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests

from portal.core.errors import PortalError
from portal.core.mac import Mac, parse_mac
from portal.gateways.base import (
    ApiCall,
    Arrival,
    ArrivalState,
    BadArrival,
    ByRadius,
    CallResult,
    Evidence,
    GatewaySettings,
    Knock,
    LetIn,
    Option,
    Redirect,
    Refusal,
    origin,
    web_url,
)
from portal.gateways.reading import read_ip, read_mac
from portal.gateways.trips import is_ours, marked, trips_of

CHALLENGE_SECONDS = 600  # `challengetimeout`
MAX_QUERY = 8192
MAX_FIELDS = 40
STATES: dict[str, ArrivalState] = {
    "notyet": "blocked", "challenge": "blocked", "splash": "blocked",
    "success": "online", "already": "online",
    "failed": "refused",
    "logoff": "left",
}  # fmt: skip
REASONS: dict[str, Refusal] = {"reject": "reject", "timeout": "timeout"}
_CHALLENGE = re.compile(r"[0-9a-fA-F]{32}\Z")
_SECRET = re.compile(r"[A-Za-z0-9_.~-]{16,100}\Z")  # what a line of a router's configuration holds without quoting


class UamGateway:
    """What all kinds that speak UAM have in common; a kind adds what to put into its router."""

    options: tuple[Option, ...] = (Option("pap", "switch", False),)
    evidence: Evidence = "accounting"
    uses_radius = True
    client_view = True

    def by_worker(self, config: GatewaySettings) -> bool:
        """Never: the guest's browser carries the login."""
        return False

    def check(self, config: GatewaySettings) -> None:
        """Raises PortalError `uam_address` (not http://address:port) or `uam_secret` (shorter than 16 safe characters)."""
        address = urlsplit(config.base_url)
        if address.scheme != "http" or not address.hostname or not address.port or address.path:
            raise PortalError("uam_address")
        if not _SECRET.match(config.secret):
            raise PortalError("uam_secret")
        if not isinstance(config.options.get("pap", False), bool):
            raise PortalError("uam_option")

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read a redirect that the gateway signed, whenever that was. Raises BadArrival."""
        said = signed_values(knock, config.secret)
        state = STATES.get(said.get("res", ""))
        if state is None or not _is_address(said, config.base_url):
            raise BadArrival("malformed")
        challenge = said.get("challenge", "")
        if state == "blocked" and not _CHALLENGE.match(challenge):
            raise BadArrival("malformed")
        wanted = said.get("userurl", "")
        trips, ours = trips_of(wanted, knock.portal_url, now), is_ours(wanted, knock.portal_url)
        # After a refusal the challenge in the redirect may be the old one (before 1.8): /prelogin gives a sure one.
        extra: dict[str, Any] = {"c": challenge.lower()} if state == "blocked" else {}
        return Arrival(
            mac=read_mac(said.get("mac", "")), ip=read_ip(said.get("ip", "")), ap=_ap(said),
            ssid=said.get("ssid", "")[:32] or None, vouched=True,
            original_url="" if ours else web_url(wanted),
            extra=extra | ({"n": trips} if trips else {}),
            challenge_expires_at=now + timedelta(seconds=CHALLENGE_SECONDS) if extra else None,
            state=state, refusal=REASONS.get(said.get("reason", ""), "other") if state == "refused" else "",
            trips=trips, again_url=f"{config.base_url}/prelogin", came_back=wanted if ours else "", replayable=True,
        )  # fmt: skip

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Redirect:
        """/logon with an answer to the challenge; /prelogin for a new challenge where there is none that still holds.

        Neither the password nor anything it could be computed from is in the link.
        """
        challenge, trips = str(grant.extra.get("c", "")), int(grant.extra.get("n", 0)) + 1
        back = marked(grant.return_url, trips, now)
        expires = grant.challenge_expires_at
        if not _CHALLENGE.match(challenge) or expires is None or expires <= now:
            return Redirect(f"{config.base_url}/prelogin?userurl={quote(back, safe='')}")
        answer = _answer(config, bytes.fromhex(challenge), grant.password)
        return Redirect(f"{config.base_url}/logon?" + urlencode({"username": grant.user_name, **answer, "userurl": back}))

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> ByRadius:
        """Disconnect-Request to the gateway's `coaport`."""
        return ByRadius()

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """There is no API."""
        return CallResult(False, "no such call", retry=False)

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """The gateway's own origin."""
        return (origin(config.base_url),)


@dataclass(frozen=True, slots=True)
class Signed:
    """A redirect's text that `md` covers, and `md` itself."""

    text: str
    md: str


def signed_values(knock: Knock, secret: str) -> Mapping[str, str]:
    """The values that the gateway signed; what came after `md` is not among them. Raises BadArrival."""
    signed = split(knock)
    if not secret or not hmac.compare_digest(signed.md.encode("utf-8", "replace"), redirect_md(signed.text, secret).encode()):
        raise BadArrival("unsigned")
    try:
        pairs = parse_qsl(signed.text.partition("?")[2], keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise BadArrival("malformed") from error
    said = dict(pairs)
    if len(said) != len(pairs):
        raise BadArrival("malformed")
    return said


def split(knock: Knock) -> Signed:
    """Cut a redirect before its last "&md=". Raises BadArrival."""
    if len(knock.query) > MAX_QUERY:
        raise BadArrival("malformed")
    query, mark, rest = knock.query.rpartition("&md=")
    if not mark:
        raise BadArrival("unsigned")
    return Signed(f"{knock.portal_url}?{query}", rest.partition("&")[0])


def redirect_md(text: str, secret: str) -> str:
    """32 upper-case hex digits over the URL's text and the secret."""
    return hashlib.md5(text.encode("utf-8", "replace") + secret.encode(), usedforsecurity=False).hexdigest().upper()


def new_challenge(challenge: bytes, secret: str) -> bytes:
    """The challenge as both sides use it: mixed with the secret that the guest does not know."""
    return hashlib.md5(challenge + secret.encode(), usedforsecurity=False).digest()


def chap_response(challenge: bytes, secret: str, password: str) -> str:
    """32 hex digits: CHAP (RFC 1994 §4.1) with identifier 0."""
    return hashlib.md5(b"\0" + password.encode() + new_challenge(challenge, secret), usedforsecurity=False).hexdigest()


def pap_password(challenge: bytes, secret: str, password: str) -> str:
    """The password hidden by XOR; at least one NUL follows it, because the gateway reads it as a C string."""
    plain = password.encode()
    plain = plain.ljust(16 * (len(plain) // 16 + 1), b"\0")
    mask = new_challenge(challenge, secret) * (len(plain) // 16)
    return bytes(a ^ b for a, b in zip(plain, mask, strict=True)).hex()


def _answer(config: GatewaySettings, challenge: bytes, password: str) -> dict[str, str]:
    if config.options.get("pap") is True:
        return {"password": pap_password(challenge, config.secret, password)}
    return {"response": chap_response(challenge, config.secret, password)}


def _is_address(said: Mapping[str, str], base_url: str) -> bool:
    """The configured gateway is the only one: `uamip` and `uamport` are compared, never followed."""
    address = urlsplit(base_url)
    return said.get("uamip", "").lower() == address.hostname and said.get("uamport", "") == str(address.port)


def _ap(said: Mapping[str, str]) -> str | None:
    try:
        return parse_mac(said.get("called", "")).colons
    except ValueError:
        return None
