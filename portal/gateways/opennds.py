"""openNDS: an OpenWrt or Linux router whose portal is elsewhere (FAS), at its levels of security 1 to 4.

`options`: `level`; `gatewayname` (letters, digits, "-", "_", ".", blanks; empty: made from the venue's code);
`allow_bypass`, the owner's word that level 1 is enough. The secret is the faskey.

| level | redirect | how it is opened | what the redirect proves |
| 1 | base64, http | the browser brings `tok` to the router | nothing: anybody can write it |
| 2 | AES-CBC, http | the same | the faskey's holder wrote it |
| 3 | AES-CBC, https | the router fetches entries (authmon) | the faskey's holder wrote it |
| 4 | base64, https | the same, from openNDS 10.2 on | nothing: anybody can write it |

Levels 1 and 4 show the guest its `hid`, the hash of 32 bits, from which a skilled one finds the token that opens the
gateway. Our BinAuth script refuses such an opening, but the daemon skips BinAuth while anybody talks to it through ndsctl; so
our poll looks through the clients as well, and puts out whoever has no length signed by us, or has outstayed it. The daemon
alone does none of that: level 1 needs the owner's word.

Levels 2 and 3 vouch for the MAC although CBC has no signature, because of what a guest can make of it. Changing a block
turns the block before it into sixteen bytes that nobody can choose, and those fall into values that are checked (address,
MAC, names, plain ASCII everywhere); the IV reaches only the first twelve digits of the hid, which then opens nothing. A MAC of
one's choice would need 48 chosen bits next to such a block and right names around it. All refusals are one error, so there
is no padding to ask about. A replayed redirect names its own device, and opens the gateway only for that one; it has no time
in it and travels in clear at level 2, so whoever shows it is not taken for the guest.

Never is a browser sent to the router's authdir without `tok`: the daemon dies of it.
"""

import ipaddress
import re
from datetime import datetime
from urllib.parse import unquote, urlencode, urlsplit

import requests

from portal.core.errors import PortalError
from portal.core.mac import Mac, parse_mac
from portal.gateways import opennds_list, opennds_pastes
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
    Outcome,
    Paste,
    PortalUrls,
    Redirect,
    RouterEntry,
    web_url,
)
from portal.gateways.opennds_cipher import ENCRYPTED, escaped, gateway_hash, open_payload, rhid_of, signed_length
from portal.gateways.trips import is_ours

AUTHDIR = "opennds_auth"
FETCHED = (3, 4)  # levels at which the router asks us whom to let in
_HID = re.compile(r"\A[0-9a-f]{64}\Z")
_KEY = re.compile(r"\A[A-Za-z0-9_-]{16,64}\Z")
_NAME = re.compile(r"\A[A-Za-z0-9_.-]([A-Za-z0-9_. -]{0,58}[A-Za-z0-9_.-])?\Z")
_NETLOC = re.compile(r"\A[A-Za-z0-9.-]{1,100}:[0-9]{1,5}\Z")


class OpenNds:
    """The Gateway of kind `opennds`."""

    options: tuple[Option, ...] = (
        Option("level", "choice", "3", ("1", "2", "3", "4"), required=True),
        Option("gatewayname"),
        Option("allow_bypass", "switch", False),
    )
    evidence: Evidence = "acknowledged"
    uses_radius = False
    client_view = True

    def by_worker(self, config: GatewaySettings) -> bool:
        """At levels 3 and 4 the router fetches who may go online; at 1 and 2 the browser brings it."""
        return level_of(config) in FETCHED

    def check(self, config: GatewaySettings) -> None:
        """Refuse what openNDS would take and should not. Raises PortalError `opennds_…`."""
        level = level_of(config)
        if level == 1 and config.options.get("allow_bypass") is not True:
            raise PortalError("opennds_bypass")
        if not _KEY.match(config.secret):
            raise PortalError("opennds_key")
        if not _NAME.match(name_of(config)):
            raise PortalError("opennds_name")
        parts = urlsplit(config.base_url)
        if parts.scheme != "http" or not _NETLOC.match(parts.netloc):
            raise PortalError("opennds_address")

    def parse(self, knock: Knock, config: GatewaySettings, now: datetime) -> Arrival:
        """Read `?fas=…[&iv=…]`. Raises BadArrival: `online` for a device that is let in already, else `malformed`."""
        if knock.values.get("status") == "authenticated" and "fas" not in knock.values:
            raise BadArrival("online")
        if knock.repeated & {"fas", "iv"} or not knock.values.get("fas"):
            raise BadArrival("malformed")
        level = level_of(config)
        said = open_payload(level, knock.values["fas"], knock.values.get("iv", ""), config.secret)
        _same_gateway(said, config)
        try:
            mac, ip = parse_mac(said.get("clientmac", "")), str(ipaddress.ip_address(said.get("clientip", "")))
        except ValueError as error:
            raise BadArrival("malformed") from error
        hid = said.get("hid", "")
        if not _HID.match(hid):
            raise BadArrival("malformed")
        wanted = web_url(unquote(said.get("originurl", ""), errors="replace").replace(" ", "%20"))  # it was decoded once
        ours = is_ours(wanted, knock.portal_url)  # a `tok` that the router did not take comes back with our own URL
        return Arrival(
            mac, ip, said.get("clientif", "")[:40] or None, None, "" if ours else wanted, vouched=level in ENCRYPTED,
            extra={"h": hid}, came_back=wanted if ours else "", replayable=True,
        )  # fmt: skip

    def let_in(self, config: GatewaySettings, grant: LetIn, now: datetime) -> Outcome:
        """To the router with `tok` and our signed session length, or an entry for authmon.

        Without a hid (the device was let in before and has not come by again) the browser goes to the router's front page,
        which sends it back to us with a new one; an entry names the MAC, which the router takes as well.
        """
        hid = str(grant.extra.get("h", ""))
        if level_of(config) in FETCHED:
            name, client = (rhid_of(hid, config.secret), hid) if hid else (str(grant.mac or ""),) * 2
            minutes = opennds_list.minutes_of(grant.session_seconds)
            custom = signed_length(config.script_key, client, minutes * 60, 0, 0)
            return RouterEntry(opennds_list.entry(name, minutes, grant.up_kbps, grant.down_kbps, custom))
        if not hid:
            return Redirect(f"{config.base_url}/")
        custom = signed_length(config.script_key, hid, grant.session_seconds, grant.up_kbps, grant.down_kbps)
        query = urlencode({"tok": rhid_of(hid, config.secret), "redir": grant.return_url, "custom": custom})
        return Redirect(f"{config.base_url}/{AUTHDIR}/?{query}")

    def put_out(self, config: GatewaySettings, mac: Mac, now: datetime) -> RouterEntry:
        """Our router script fetches the MAC and says `ndsctl deauth`: openNDS itself can be told nothing."""
        return RouterEntry(mac.colons)

    def carry_out(self, config: GatewaySettings, call: ApiCall, http: requests.Session) -> CallResult:
        """The router has no API that we could reach."""
        return CallResult(False, "openNDS has no API", retry=False)

    def form_action_origins(self, config: GatewaySettings) -> tuple[str, ...]:
        """The router's, where the browser is sent to it."""
        return () if self.by_worker(config) else (config.base_url,)

    def pastes(self, config: GatewaySettings, urls: PortalUrls) -> tuple[Paste, ...]:
        """OpenWrt's and Debian's configuration and our router script, whole. Raises PortalError `opennds_needs_https`."""
        return opennds_pastes.pastes(config, urls, level_of(config), name_of(config))


def level_of(config: GatewaySettings) -> int:
    """1 to 4. Raises PortalError `opennds_level`."""
    said = str(config.options.get("level", "3"))
    if said not in ("1", "2", "3", "4"):
        raise PortalError("opennds_level")
    return int(said)


def name_of(config: GatewaySettings) -> str:
    """The gatewayname, which names this gateway in everything that it sends."""
    return str(config.options.get("gatewayname") or f"vestibule-{config.venue_code}")


def says_its_name(config: GatewaySettings, given: str) -> bool:
    """Is this the gatewayhash of a gateway whose router fetches? Not a secret: guests are shown the name."""
    return level_of(config) in FETCHED and given == gateway_hash(name_of(config))


def _same_gateway(said: dict[str, str], config: GatewaySettings) -> None:
    """The configured gateway, with the one authdir that we send browsers to (levels 2 and 3 name it)."""
    right = (
        said.get("gatewayname") == escaped(name_of(config))
        and said.get("gatewayaddress") == urlsplit(config.base_url).netloc
        and said.get("authdir", AUTHDIR) == AUTHDIR
    )
    if not right:
        raise BadArrival("malformed")
