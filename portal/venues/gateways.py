"""A venue's gateways as their owner keeps them: checked settings, random secrets, a RADIUS client where one is needed."""

import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.errors import PortalError
from portal.gateways.base import GatewaySettings, Option, Paste, PortalUrls
from portal.gateways.registry import gateway as kind_of
from portal.venues.models import GatewayConfig, GatewaySign, Nas, Venue
from portal.venues.routers import free_port, new_secret
from portal.venues.setup import add_gateway, add_nas

MAIN_SECRET = "secret"  # noqa: S105 - the option that stands in GatewayConfig.secret, where the owner types it
BEHIND_NAT_LEASE = 900  # seconds: a router that takes no orders must ask again before long
RADIUS_PORTS = (1812, 1813)
WIDEST = {4: 16, 6: 48}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]+\]")


@dataclass(frozen=True, slots=True)
class Uplink:
    """How a router's RADIUS packets come to us. `address` is empty for one whose address changes; then it has a `port`."""

    address: str
    port: int | None = None
    behind_nat: bool = False


def read_base_url(typed: str) -> str:
    """scheme://host[:port], in lower case. Raises PortalError `bad_gateway_url` for anything more, and for anything else."""
    text = typed.strip().rstrip("/").lower()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise PortalError("bad_gateway_url") from error
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    rest = (parts.path, parts.query, parts.fragment)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or any(rest) or port == 0 or len(text) > 200:
        raise PortalError("bad_gateway_url")
    return text


def read_uplink(session: Session, typed: str, behind_nat: bool) -> Uplink:
    """An address or a network of RADIUS packets; empty for a changing one, which gets a port of its own instead.

    Raises PortalError `bad_nas_address` for what is neither, and for networks that hold more than one provider's customers;
    `nas_address_taken` for another router's: FreeRADIUS tells clients apart by nothing else, and does not start with two alike.
    """
    if not typed.strip():
        return Uplink("", free_port(session), behind_nat)
    try:
        network = ipaddress.ip_network(typed.strip(), strict=False)
    except ValueError as error:
        raise PortalError("bad_nas_address") from error
    if network.prefixlen < WIDEST[network.version]:
        raise PortalError("bad_nas_address")
    address = str(network.network_address) if network.num_addresses == 1 else str(network)
    if session.scalar(select(Nas.id).where(Nas.address == address, Nas.port.is_(None)).limit(1)) is not None:
        raise PortalError("nas_address_taken")
    return Uplink(address, None, behind_nat)


def read_options(kind: str, typed: Mapping[str, Any], kept: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The kind's options from texts and bools, defaults filled in; an empty secret stays the `kept` one.

    Raises PortalError `unknown_option` or `bad_option` with the option's name. What only the kind knows its `check` finds.
    """
    known = {option.name: option for option in kind_of(kind).options}
    if strange := sorted(set(typed) - set(known)):
        raise PortalError("unknown_option", name=strange[0][:40])
    return {name: _value(option, typed.get(name, option.default), (kept or {}).get(name, "")) for name, option in known.items()}


def add(
    session: Session, venue: Venue, kind: str, base_url: str, options: Mapping[str, Any], uplink: Uplink | None, now: datetime
) -> GatewayConfig:
    """A gateway with secrets of its own, and its RADIUS client. Raises PortalError for settings that cannot work."""
    added = add_gateway(session, venue, kind, read_base_url(base_url), now)
    if any(option.name == MAIN_SECRET for option in kind_of(kind).options):
        added.secret = ""  # the outside's own: what we could make up opens nothing there
    change(session, added, venue.code, base_url, options)
    if kind_of(kind).uses_radius:
        if uplink is None:
            raise PortalError("needs_nas_address")
        added_nas = add_nas(session, venue, _free_name(session, f"{venue.code}-{kind}"), uplink.address, now, added.id)
        move(session, added_nas, uplink)
    return added


def change(session: Session, config: GatewayConfig, venue_code: str, base_url: str, options: Mapping[str, Any]) -> None:
    """New address and options. Raises PortalError for settings that cannot work; the row then stays as it was."""
    kept = dict(config.options) | {MAIN_SECRET: config.secret}
    given = read_options(config.kind, options, kept)
    secret = str(given.pop(MAIN_SECRET, config.secret))
    address = read_base_url(base_url)
    kind_of(config.kind).check(GatewaySettings(config.kind, address, secret, venue_code, given, config.script_key))
    config.base_url, config.options, config.secret = address, given, secret
    session.flush()


def move(session: Session, nas: Nas, uplink: Uplink) -> None:
    """Where the router's packets come from now, and whether it can be told anything."""
    nas.address, nas.port = uplink.address, uplink.port
    nas.coa_address = "" if uplink.behind_nat else None
    nas.short_lease_seconds = BEHIND_NAT_LEASE if uplink.behind_nat else None
    session.flush()


def rotate(session: Session, config: GatewayConfig) -> None:
    """New random secrets, its RADIUS client's too. Guests come online again when the router has them."""
    if all(option.name != MAIN_SECRET for option in kind_of(config.kind).options):
        config.secret = secrets.token_urlsafe(32)
    config.key, config.script_key = secrets.token_hex(12), secrets.token_urlsafe(24)
    if nas := nas_of(session, config.id):
        new_secret(session, nas)
    session.flush()


def remove(session: Session, config: GatewayConfig) -> None:
    """Delete one that nobody ever came online through. Raises PortalError `gateway_in_use`: the register names the others."""
    try:
        with session.begin_nested():
            session.execute(delete(GatewaySign).where(GatewaySign.gateway_id == config.id))
            session.execute(delete(Nas).where(Nas.gateway_id == config.id))
            session.execute(delete(GatewayConfig).where(GatewayConfig.id == config.id))
    except IntegrityError as error:
        raise PortalError("gateway_in_use") from error


def nas_of(session: Session, gateway_id: int) -> Nas | None:
    """The gateway's RADIUS client."""
    return session.scalar(select(Nas).where(Nas.gateway_id == gateway_id).order_by(Nas.id).limit(1))


def pastes(settings: Settings, venue: Venue, config: GatewayConfig, nas: Nas | None) -> tuple[Paste, ...]:
    """Everything to put into the router, with its secrets."""
    known = GatewaySettings(config.kind, config.base_url, config.secret, venue.code, config.options, config.script_key)
    return kind_of(config.kind).pastes(known, portal_urls(settings, venue, config, nas))


def portal_urls(settings: Settings, venue: Venue, config: GatewayConfig, nas: Nas | None) -> PortalUrls:
    """Our addresses as this gateway must be told them. The host that proves the internet is not among those let through."""
    base, name = settings.base_url, urlsplit(settings.base_url).hostname or ""
    ports = (nas.port, nas.port + 1) if nas and nas.port else RADIUS_PORTS
    return PortalUrls(
        wifi=f"{base}/wifi/{venue.code}", capport=f"{base}/capport/{config.key}", poll=f"{base}/router/{config.key}/poll",
        hosts=tuple(dict.fromkeys(filter(None, (name, settings.plain_host)))),
        radius_host=settings.radius_host or name, radius_auth_port=ports[0], radius_acct_port=ports[1],
        radius_secret=nas.secret if nas else "", nas_name=nas.name if nas else "", family_dns=tuple(venue.family_dns or ()),
    )  # fmt: skip


def _value(option: Option, typed: Any, kept: Any) -> str | bool:
    if option.shape == "switch":
        if isinstance(typed, bool):
            return typed
        if str(typed).lower() in ("yes", "true", "on", "1", "no", "false", "off", "0", ""):
            return str(typed).lower() in ("yes", "true", "on", "1")
        raise PortalError("bad_option", name=option.name)
    text = str(typed).strip() or (str(kept) if option.shape == "secret" else "")
    strange = not text.isprintable() or len(text) > 400 or (option.choices and text not in option.choices)
    if strange or (option.required and not text):
        raise PortalError("bad_option", name=option.name)
    return text


def _free_name(session: Session, wanted: str) -> str:
    """A name for FreeRADIUS that no client has: the wanted one, or with a number."""
    taken = set(session.scalars(select(Nas.name).where(Nas.name.startswith(wanted[:50], autoescape=True))))
    return next(name for n in range(1, len(taken) + 2) if (name := wanted[:50] + (f"-{n}" if n > 1 else "")) not in taken)
