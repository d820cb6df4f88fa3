"""A UniFi gateway's settings, read and checked once.

`options` of the gateway's row: `api` (classic | os | integration), `site` (the short name in the console's address),
`user` (classic and os: a local account with the least rights), `site_id` (integration: looked up by name when absent),
`verify_tls` (empty: the system's authorities; `sha256:<64 hex digits>`: exactly this certificate; else the path of a CA
file), `aps` (hardware addresses of the venue's access points, between commas or spaces) and `host` (the portal's own name
in this venue's console): the last two tell venues apart whose sites have the same name. The row's secret is the password,
or the API key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from portal.core.errors import PortalError
from portal.core.mac import parse_mac
from portal.gateways.base import GatewaySettings

Api = Literal["classic", "os", "integration"]
APIS = ("classic", "os", "integration")
NAMES = frozenset({"api", "site", "site_id", "user", "verify_tls", "aps", "host"})
DEFAULT_SITE = "default"
MOST_APS = 500
_SITE = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_PIN = re.compile(r"sha256:([0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class UniFiOptions:
    """`pin` are 64 hex digits of the only certificate that is believed; `ca_file` is read where there is no pin."""

    api: Api
    base: str
    site: str
    site_id: str
    user: str
    secret: str = field(repr=False)
    pin: str
    ca_file: str
    aps: frozenset[str]
    host: str


def read_options(config: GatewaySettings) -> UniFiOptions:
    """Raises PortalError `unifi_…`, one code for each thing that the owner has to put right."""
    options = config.options
    if unknown := sorted(set(options) - NAMES):
        raise PortalError("unifi_unknown_option", name=unknown[0][:40])
    api, site, site_id = _text(options, "api"), _text(options, "site") or DEFAULT_SITE, _text(options, "site_id").lower()
    _require(api in APIS, "unifi_unknown_api")
    _require(bool(_SITE.match(site)), "unifi_bad_site")
    _require(not site_id or (api == "integration" and bool(_UUID.match(site_id))), "unifi_bad_site_id")
    _require(bool(config.secret), "unifi_needs_secret")
    _require((config.secret.isascii() and config.secret.isprintable()) or api != "integration", "unifi_bad_key")
    user = _text(options, "user")
    _require(bool(user) or api == "integration", "unifi_needs_user")
    pin, ca_file = _trust(_text(options, "verify_tls"))
    return UniFiOptions(
        cast(Api, api), _https(config.base_url), site, site_id, user, config.secret, pin, ca_file,
        aps_of(options), host_of(options),
    )  # fmt: skip


def site_of(options: Mapping[str, Any]) -> str:
    """The site of a row whose options may never have been checked."""
    site = options.get("site")
    return site if isinstance(site, str) and site else DEFAULT_SITE


def _text(options: Mapping[str, Any], name: str) -> str:
    value = options.get(name, "")
    if not isinstance(value, str) or len(value) > 300:
        raise PortalError("unifi_bad_option", name=name)
    return value.strip()


def _require(good: bool, code: str) -> None:
    if not good:
        raise PortalError(code)


def _https(base_url: str) -> str:
    """A password must never leave in clear, and what follows the host is ours to write."""
    try:
        parts = urlsplit(base_url)
        whole = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        whole = False
    if not whole or parts.path not in ("", "/") or parts.query or parts.fragment or not base_url.isprintable():
        raise PortalError("unifi_needs_https")
    return f"https://{parts.netloc}"


def _trust(written: str) -> tuple[str, str]:
    """`sha256:AA:BB:…` as browsers show it, or a file's path."""
    if not written:
        return "", ""
    if written.lower().startswith("sha256:"):
        found = _PIN.match("sha256:" + written[7:].replace(":", "").replace(" ", "").lower())
        _require(bool(found), "unifi_bad_fingerprint")
        assert found is not None
        return found[1], ""
    _require(Path(written).is_absolute() and Path(written).is_file(), "unifi_no_ca_file")
    return "", written


def host_of(options: Mapping[str, Any]) -> str:
    """The portal's own name in this venue's console, or nothing."""
    return _text(options, "host").lower()


def aps_of(options: Mapping[str, Any]) -> frozenset[str]:
    """Twelve hex digits of each access point. Raises PortalError `unifi_bad_aps`."""
    written = options.get("aps") or ""
    if not isinstance(written, str) or len(written) > 20 * MOST_APS:
        raise PortalError("unifi_bad_aps")
    try:
        return frozenset(parse_mac(ap).hex for ap in re.split(r"[\s,;]+", written) if ap)
    except ValueError as error:
        raise PortalError("unifi_bad_aps") from error
