"""Which limits a start and a resend are counted against. Every figure is a setting."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from portal.core.config import Settings
from portal.core.limits import Limit
from portal.core.phone import Phone

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Refused:
    """No SMS was queued. `reason` is a limit's or a budget's name, `opens_in` a coarse wait or None."""

    reason: str
    opens_in: timedelta | None = None


def of_number(settings: Settings, phone: Phone) -> list[Limit]:
    """Every SMS to a number counts, over all venues; so does its block of ten thousand numbers."""
    number = settings.keys.keyed_hash("limit", phone.e164)
    block = settings.keys.keyed_hash("limit", phone.prefix)
    return [
        Limit("number_day", f"nr:{number}", settings.limit_number_day, DAY),
        Limit("number_week", f"nr:{number}", settings.limit_number_week, timedelta(days=7)),
        Limit("prefix", f"ph:{block}", settings.limit_prefix_hour, HOUR),
    ]


def of_device(settings: Settings, device_hash: str | None) -> list[Limit]:
    """Starts of one device, by its MAC or its cookie."""
    if device_hash is None:
        return []
    return [
        Limit("device_hour", f"dv:{device_hash}", settings.limit_device_hour, HOUR),
        Limit("device_day", f"dv:{device_hash}", settings.limit_device_day, DAY),
    ]


def of_address(settings: Settings, path: str, ip: str, own_addresses: list[str]) -> list[Limit]:
    """Starts per address, on the QR path only: behind a venue's own address all guests look alike."""
    if path == "wifi" or not ip or _is_own(ip, own_addresses):
        return []
    return [Limit("address", "ip:" + settings.keys.keyed_hash("limit", network_of(ip)), settings.limit_ip_hour, HOUR)]


def network_of(ip: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 customer has."""
    address = ip_address(ip)
    return str(ip_network(f"{ip}/64", strict=False)) if isinstance(address, IPv6Address) else str(address)


def _is_own(ip: str, own_addresses: list[str]) -> bool:
    return any(ip_address(ip) in ip_network(own, strict=False) for own in own_addresses)
