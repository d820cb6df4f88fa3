"""UniFi: an external portal whose guests are let in through the controller's API, by the worker.

The redirect is /guest/s/<site>/?ap=<MAC>&id=<MAC>&t=<Unix seconds>&url=<wanted>&ssid=<name>, without any signature: a hint.
So nothing is authorized that the site itself does not show as its guest (`carry_out`). The door of that path passes the
site on as `site`, because one portal serves the sites of many controllers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

from portal.core.errors import PortalError
from portal.core.mac import Mac, parse_mac
from portal.gateways import unifi_pastes
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
    web_url,
)
from portal.gateways.talk import Talk, TalkFailed
from portal.gateways.unifi_key import Keyed
from portal.gateways.unifi_login import LoggedIn
from portal.gateways.unifi_options import APIS, DEFAULT_SITE, UniFiOptions, read_options, site_of

MAX_AGE_SECONDS = 600
SSID_BYTES = 32
_ONCE = frozenset({"site", "ap", "id", "t", "url", "ssid"})


class UniFi:
    """The Gateway of kind `unifi`."""

    evidence: Evidence = "authorized"
    uses_radius = False
    client_view = False
    options: tuple[Option, ...] = (
        Option("api", "choice", "integration", APIS),
        Option("secret", "secret", required=True),
        Option("user"),
        Option("site", default=DEFAULT_SITE),
        Option("site_id"),
        Option("verify_tls"),
        Option("aps"),
        Option("host"),
    )

    def by_worker(self, config: GatewaySettings) -> bool:
        """Always: a browser cannot open it."""
        return True

    def check(self, config: GatewaySettings) -> None:
        """Raises PortalError `unifi_…`."""
        read_options(config)

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read a redirect of this site that is not older than ten minutes. Raises BadArrival."""
        values = knock.values
        if values.get("site") != site_of(config.options) or knock.repeated & _ONCE:
            raise BadArrival("malformed")
        try:
            mac, ap = parse_mac(values.get("id", "")), parse_mac(values.get("ap", ""))
            at = _seconds(values.get("t", ""))
        except ValueError as error:
            raise BadArrival("malformed") from error
        if abs(now.timestamp() - at) > MAX_AGE_SECONDS:
            raise BadArrival("stale")
        extra = {"ap": ap.hex}
        return Arrival(mac, None, ap.colons, _ssid(values), web_url(values.get("url", "")), vouched=False, extra=extra)

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> ApiCall:
        """Authorize for the grant's time, in whole minutes."""
        assert grant.mac is not None  # parse refuses a redirect without one
        ap, minutes = grant.extra.get("ap"), max(1, -(-grant.session_seconds // 60))
        facts = {"mac": grant.mac.colons, "minutes": minutes, "up": grant.up_kbps, "down": grant.down_kbps}
        return ApiCall("let_in", facts | ({"ap": Mac(ap).colons} if ap else {}))

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> ApiCall:
        """End the authorization."""
        return ApiCall("put_out", {"mac": mac.colons})

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """Have the talk. Safe to repeat: an authorization that is there already is only made anew."""
        try:
            options = read_options(config)
            with Talk(http, options.base, options.pin, options.ca_file) as talk:
                _have(talk, http, options, call)
        except PortalError as error:
            return CallResult(False, f"settings: {error.code}", retry=False)
        except TalkFailed as failed:
            return CallResult(False, failed.said, retry=failed.retry)
        let_in = call.verb == "let_in"
        return CallResult(True, "authorized" if let_in else "not authorized any more", online=let_in)

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """None: the browser is never sent to the controller."""
        return ()

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """What to set in the console, in its own words."""
        return unifi_pastes.pastes(config, urls)


def _have(talk: Talk, http: requests.Session, options: UniFiOptions, call: ApiCall) -> None:
    if options.api == "integration":
        _verb(Keyed(talk, options), call)
        return
    with LoggedIn(talk, http, options) as session:
        _verb(session, call)


def _verb(api: Keyed | LoggedIn, call: ApiCall) -> None:
    (api.let_in if call.verb == "let_in" else api.put_out)(call.facts)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("not a time")
    return int(text)


def _ssid(values: Mapping[str, Any]) -> str | None:
    """At most 32 bytes (IEEE 802.11), or nothing: it is only shown."""
    ssid = str(values.get("ssid", ""))
    return ssid if ssid.isprintable() and 0 < len(ssid.encode("utf-8", "replace")) <= SSID_BYTES else None
