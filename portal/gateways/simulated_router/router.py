"""The router itself: which fake devices are online, until when, and what is reported of them."""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from portal.core.mac import Mac
from portal.gateways.base import BadArrival
from portal.gateways.simulated_router.nas import Hooks, HooksAway
from portal.gateways.simulator import SIGNED, open_ticket, sign_arrival

log = logging.getLogger(__name__)


@dataclass
class Device:
    """A fake device that joined. Times are Unix seconds; `until` is 0 while it is blocked."""

    mac: Mac
    until: float = 0
    since: float = 0
    session_id: str = ""
    user_name: str = ""
    reported: bool = True


@dataclass
class Router:
    """One gateway of one venue. Its methods may be called from many threads."""

    portal_url: str
    venue_code: str
    secret: str = field(repr=False)
    hooks: Hooks
    clock: Callable[[], float]
    devices: dict[str, Device] = field(default_factory=dict)
    _spent: dict[str, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def device(self, mac: Mac) -> Device:
        """The device, joined now if it is new."""
        with self._lock:
            return self.devices.setdefault(mac.hex, Device(mac))

    def is_online(self, mac: Mac) -> bool:
        """True while the gateway lets it through."""
        return self.device(mac).until > self.clock()

    def portal_link(self, mac: Mac, wanted_url: str) -> str:
        """Where a blocked device is sent: the portal, with our signature over who it is."""
        values = {"mac": mac.colons, "ip": _ip_of(mac), "url": wanted_url, "ts": str(int(self.clock()))}
        query = {name: values[name] for name in SIGNED} | {"sig": sign_arrival(self.secret, values)}
        return f"{self.portal_url}/wifi/{self.venue_code}?{urlencode(query)}"

    def let_in(self, token: str) -> str:
        """Open the gateway by a portal's ticket; returns the URL to go back to. Raises BadArrival or HooksAway."""
        ticket = open_ticket(self.secret, token, "let-in", self.clock())
        self._spend(ticket["id"], ticket["exp"])
        if not ticket["mac"]:
            raise BadArrival("malformed")
        device = self.device(Mac(ticket["mac"]))
        reply = self.hooks.authorize(device.mac, ticket["user_name"], ticket["password"])
        if reply is None:
            raise BadArrival("refused")
        seconds = min(int(reply["Session-Timeout"]), int(ticket["seconds"]))
        with self._lock:
            self._close(device, "User-Request")
            now = self.clock()
            device.since, device.until, device.user_name = now, now + seconds, ticket["user_name"]
            device.session_id, device.reported = secrets.token_hex(8), False
            self._start(device)
        return str(ticket["back"])

    def put_out(self, token: str) -> None:
        """Close the gateway for a device at the portal's word. Raises BadArrival."""
        ticket = open_ticket(self.secret, token, "put-out", self.clock())
        self._spend(ticket["id"], ticket["exp"])
        self.disconnect(Mac(ticket["mac"]), "Admin-Reset")

    def disconnect(self, mac: Mac, cause: str) -> None:
        """Close the gateway for a device and report why (RFC 2866 §5.10)."""
        with self._lock:
            self._close(self.device(mac), cause)

    def sweep(self) -> None:
        """Cut off whose time is over; report again what the hooks did not take."""
        now = self.clock()
        with self._lock:
            self._spent = {ticket: until for ticket, until in self._spent.items() if until > now}
            for device in list(self.devices.values()):
                if device.until and device.until <= now:
                    self._close(device, "Session-Timeout")
                elif device.until and not device.reported:
                    self._start(device)

    def _spend(self, ticket: str, until: float) -> None:
        with self._lock:
            if ticket in self._spent:
                raise BadArrival("spent")
            self._spent[ticket] = until

    def _start(self, device: Device) -> None:
        device.reported = self._report(device, "Start")

    def _close(self, device: Device, cause: str) -> None:
        if device.until:
            self._report(device, "Stop", {"Acct-Terminate-Cause": cause})
        device.until = 0

    def _report(self, device: Device, status: str, more: dict[str, str | int] | None = None) -> bool:
        try:
            self.hooks.account(
                {
                    "Acct-Status-Type": status,
                    "Acct-Session-Id": device.session_id,
                    "User-Name": device.user_name,
                    "Calling-Station-Id": device.mac.dashes,
                    "Framed-IP-Address": _ip_of(device.mac),
                    "Acct-Session-Time": int(min(self.clock(), device.until) - device.since),
                    **(more or {}),
                },
                self.clock(),
            )
        except HooksAway as error:
            log.warning("not reported", extra={"status": status, "why": str(error)})
            return False
        return True


def new_mac() -> Mac:
    """A random address with the "locally administered" bit, as phones make for each network."""
    return Mac(f"02{secrets.token_hex(5)}")


def _ip_of(mac: Mac) -> str:
    """A private address that stays the same for a device."""
    number = int(mac.hex[-6:], 16)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
