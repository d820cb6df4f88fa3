"""MikroTik's hotspot: the router's own login.html leads the guest to us, we answer its challenge at `link-login-only`.

What login.html sends is unsigned: the MAC is a hint, and RADIUS compares it with the one that the router itself sees. The
login is a link with the CHAP answer (md5 of id, password and challenge), or, for `http-pap`, a form with the password.

Sources: RouterOS manual "Customizing Hotspot", login.html and md5.js of the stock hotspot folder.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

import requests

from portal.core.errors import PortalError
from portal.core.mac import Mac
from portal.gateways import mikrotik_files
from portal.gateways.base import (
    ApiCall,
    Arrival,
    BadArrival,
    ByRadius,
    CallResult,
    Evidence,
    FormPage,
    GatewaySettings,
    Knock,
    LetIn,
    Option,
    Paste,
    PortalUrls,
    Redirect,
    Refusal,
    origin,
    web_url,
)
from portal.gateways.reading import read_ip, read_mac
from portal.gateways.trips import is_ours, marked, trips_of

CHALLENGE_SECONDS = 600  # how long we trust it; the router's word comes with the next page of its own
MAX_QUERY = 8192
NAMES = frozenset({"mac", "ip", "link-login-only", "link-orig", "chap-id", "chap-challenge", "server-name", "identity", "error"})
_OCTAL = re.compile(rb"(?:\\[0-3][0-7]{2})+\Z")
_NAME = re.compile(r"[A-Za-z0-9.:\[\]-]+\Z")


class MikroTik:
    """The Gateway of kind `mikrotik`."""

    options: tuple[Option, ...] = (Option("pap", "switch", False),)
    evidence: Evidence = "accounting"
    uses_radius = True
    client_view = False

    def by_worker(self, config: GatewaySettings) -> bool:
        """Never: the guest's browser carries the login."""
        return False

    def check(self, config: GatewaySettings) -> None:
        """Raises PortalError `mikrotik_address` (not http(s)://name, as the hotspot profile says) or `mikrotik_option`."""
        address = urlsplit(config.base_url)
        if address.scheme not in ("http", "https") or not _NAME.match(address.netloc) or address.path:
            raise PortalError("mikrotik_address")
        if not isinstance(config.options.get("pap", False), bool):
            raise PortalError("mikrotik_option")

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read what login.html sent. Raises BadArrival."""
        said = _values(knock)
        if not _same_place(said.get("link-login-only", ""), login_url(config)):
            raise BadArrival("malformed")
        challenge = _challenge(knock)
        wanted, error = said.get("link-orig", ""), said.get("error", "")
        trips, ours = trips_of(wanted, knock.portal_url, now), is_ours(wanted, knock.portal_url)
        return Arrival(
            mac=read_mac(said.get("mac", "")), ip=read_ip(said.get("ip", "")), ap=None, ssid=None, vouched=False,
            original_url="" if ours else web_url(wanted),
            extra=challenge | ({"n": trips} if trips else {}),
            challenge_expires_at=now + timedelta(seconds=CHALLENGE_SECONDS) if challenge else None,
            state="refused" if error else "blocked", refusal=_refusal(error), trips=trips,
            again_url=login_url(config), came_back=wanted if ours else "",
        )  # fmt: skip

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Redirect | FormPage:
        """The login as a link or a form; without a challenge that still holds, back to the router for another."""
        back = marked(grant.return_url, int(grant.extra.get("n", 0)) + 1, now)
        if config.options.get("pap") is True:
            fields = (("username", grant.user_name), ("password", grant.password), ("dst", back), ("popup", "false"))
            return FormPage(login_url(config), fields)
        expires = grant.challenge_expires_at
        if "c" not in grant.extra or expires is None or expires <= now:
            return Redirect(f"{login_url(config)}?{urlencode({'dst': back})}")
        answer = chap_password(bytes.fromhex(grant.extra["i"]), bytes.fromhex(grant.extra["c"]), grant.password)
        said = {"username": grant.user_name, "password": answer, "dst": back, "popup": "false"}
        return Redirect(f"{login_url(config)}?{urlencode(said)}")

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> ByRadius:
        """Disconnect-Request; `/radius incoming` takes it."""
        return ByRadius()

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """There is no API."""
        return CallResult(False, "no such call", retry=False)

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """The hotspot's own origin."""
        return (origin(config.base_url),)

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """Three files for the router's folder, then the console."""
        return (
            Paste("flash/vestibule/login.html", mikrotik_files.login_page(urls)),
            Paste("flash/vestibule/alogin.html", mikrotik_files.ALOGIN),
            Paste("flash/vestibule/api.json", mikrotik_files.api(urls, config.venue_code)),
            Paste("RouterOS terminal", mikrotik_files.commands(config, urls)),
        )


def login_url(config: GatewaySettings) -> str:
    """The hotspot's servlet, made from the settings: what the browser said about it is only compared."""
    return f"{config.base_url}/login"


def chap_password(chap_id: bytes, challenge: bytes, password: str) -> str:
    """32 hex digits over id, password and challenge, as md5.js makes them."""
    return hashlib.md5(chap_id + password.encode() + challenge, usedforsecurity=False).hexdigest()


def octets(written: bytes, length: int) -> bytes:
    """Raw bytes, or RouterOS's writing of them: `\\371`, one backslash and three octal digits each. Raises BadArrival."""
    raw = written
    if _OCTAL.match(written):
        raw = bytes(int(written[at + 1 : at + 4], 8) for at in range(0, len(written), 4))
    if len(raw) != length:
        raise BadArrival("malformed")
    return raw


def _values(knock: Knock) -> Mapping[str, str]:
    if len(knock.query) > MAX_QUERY or knock.repeated & NAMES:
        raise BadArrival("malformed")
    return knock.values


def _challenge(knock: Knock) -> dict[str, Any]:
    """The two values as hex; nothing where the router offers no CHAP. They may be raw bytes, so text will not do."""
    raw = dict.fromkeys(("chap-id", "chap-challenge"), b"")
    for pair in knock.query.encode("latin-1", "replace").split(b"&"):
        name, _, value = pair.partition(b"=")
        if (key := name.decode("latin-1")) in raw:
            raw[key] = unquote_to_bytes(value.replace(b"+", b" "))
    if not any(raw.values()):
        return {}
    return {"i": octets(raw["chap-id"], 1).hex(), "c": octets(raw["chap-challenge"], 16).hex()}


def _same_place(given: str, ours: str) -> bool:
    """The same scheme, host, port and path, however the default port is written."""
    ports = {"http": 80, "https": 443}
    try:
        there, here = urlsplit(given), urlsplit(ours)
        places = [(at.scheme, at.hostname, at.port or ports.get(at.scheme), at.path) for at in (there, here)]
    except ValueError:
        return False
    return places[0] == places[1] and there.username is None


def _refusal(error: str) -> Refusal:
    if not error:
        return ""
    return "timeout" if "not responding" in error else "reject"
