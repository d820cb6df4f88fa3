"""FreeRADIUS' JSON → frozen packets. Tolerant of what routers really send, silent about what it cannot use.

It is `{"User-Name": "…", "Acct-Session-Time": 60, …}` (`raddb/rest.conf.in`, `raddb/detail.conf.in`): integers are numbers,
enumerated ones names, octets `0x…`; of an attribute that a packet has twice only the first is there.
"""

import hashlib
import ipaddress
import json
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from portal.access.packets import AccessRequest, AccountingReport, AcctStatus
from portal.core.errors import PortalError
from portal.core.mac import Mac, parse_mac

MAX_TEXT = 120
MAX_COUNTER = 2**63 - 1  # what the database's BIGINT holds
MAX_DELAY = 7 * 24 * 3600
MAX_SESSION = 366 * 24 * 3600
_OCTETS = ("Acct-Input-Octets", "Acct-Output-Octets")
_GIGAWORDS = ("Acct-Input-Gigawords", "Acct-Output-Gigawords")
_VIEWS: dict[str, Literal["nas", "client"]] = {"1": "nas", "2": "client"}
_VIEWS |= {"chillispot-nas-view-point": "nas", "chillispot-client-view-point": "client"}  # where a dictionary has the names
_STATUSES = {name.lower(): name for name in get_args(AcctStatus)}


class BadPacket(PortalError):
    """The body is not a packet; the message names the attribute, never its value."""


def read_attributes(body: bytes) -> dict[str, str]:
    """Every attribute's value as text. Raises BadPacket."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPacket("not JSON") from error
    if not isinstance(found, dict):
        raise BadPacket("not an object")
    values = ((name, _text(value)) for name, value in found.items())
    return {name: text for name, text in values if text}


def access_request(attributes: dict[str, str]) -> AccessRequest:
    """Raises BadPacket without a User-Name: there is nothing to decide about."""
    return AccessRequest(_required(attributes, "User-Name"), _mac(attributes), attributes.get("User-Password"))


def accounting_report(attributes: dict[str, str]) -> AccountingReport:
    """Raises BadPacket when it says not what happened, or not to whom."""
    status: Any = _STATUSES.get(_required(attributes, "Acct-Status-Type").lower())
    if status is None:
        raise BadPacket("Acct-Status-Type")
    of_router = status in ("Accounting-On", "Accounting-Off")
    return AccountingReport(
        status=status,
        acct_session_id="" if of_router else _required(attributes, "Acct-Session-Id"),
        user_name="" if of_router else _required(attributes, "User-Name"),
        mac=_mac(attributes),
        ip=_ip(attributes),
        delay_seconds=_number(attributes, "Acct-Delay-Time", MAX_DELAY),
        session_seconds=_session_seconds(attributes, status),
        input_octets=_octets(attributes, "Input"),
        output_octets=_octets(attributes, "Output"),
        terminate_cause=attributes.get("Acct-Terminate-Cause", "")[:40] or None,
        gigawords=any(name in attributes for name in _GIGAWORDS) or not any(name in attributes for name in _OCTETS),
        event_at=_moment(attributes.get("Event-Timestamp", "")),
        view=_view(attributes),
        class_=_class(attributes.get("Class", "")),
    )


def _text(value: Any) -> str:
    """One attribute's value; an empty text for what is no value or could not be stored."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = value if isinstance(value, str) else _digits(value)
    return text if text.isprintable() else ""  # a lone surrogate, legal in JSON and impossible in a database, is not


def _digits(value: int | float) -> str:
    """A number as text; one of thousands of digits is no RADIUS integer, and Python would refuse to print it."""
    return str(value) if abs(value) <= MAX_COUNTER else ""


def _required(attributes: dict[str, str], name: str) -> str:
    """A value that names a row. One longer than its column keeps its start and stays different from its neighbours."""
    text = attributes.get(name)
    if text is None:
        raise BadPacket(name)
    if len(text) <= MAX_TEXT:
        return text
    return text[: MAX_TEXT - 41] + "~" + hashlib.sha256(text.encode()).hexdigest()[:40]


def _mac(attributes: dict[str, str]) -> Mac | None:
    try:
        return parse_mac(attributes.get("Calling-Station-Id", ""))
    except ValueError:
        return None


def _ip(attributes: dict[str, str]) -> str | None:
    try:
        return str(ipaddress.ip_address(attributes.get("Framed-IP-Address", "")))
    except ValueError:
        return None


def _number(attributes: dict[str, str], name: str, most: int) -> int:
    text = attributes.get(name, "")
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) <= 19 else 0


def _octets(attributes: dict[str, str], direction: str) -> int:
    """RFC 2869 §5.1–2: gigawords count how often 2^32 was passed."""
    low = _number(attributes, f"Acct-{direction}-Octets", 2**32 - 1)
    return min((_number(attributes, f"Acct-{direction}-Gigawords", 2**32 - 1) << 32) | low, MAX_COUNTER)


def _session_seconds(attributes: dict[str, str], status: AcctStatus) -> int | None:
    """None where the router counts no time, or gives one that began with the epoch: its clock was set meanwhile."""
    seconds = _number(attributes, "Acct-Session-Time", MAX_SESSION)
    if "Acct-Session-Time" not in attributes:
        return 0 if status == "Start" else None
    return seconds if seconds < MAX_SESSION else None


def _moment(text: str) -> datetime | None:
    """A date as FreeRADIUS writes it, in UTC, or seconds since the epoch; None for any other."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text[:12]), UTC)
        return datetime.strptime(text, "%b %d %Y %H:%M:%S UTC").replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _view(attributes: dict[str, str]) -> Literal["nas", "client"] | None:
    """Whose input and output the octets are, where CoovaChilli says it (vendor 14559, attribute 10)."""
    return _VIEWS.get(attributes.get("ChilliSpot-Acct-View-Point", "").lower())


def _class(text: str) -> str | None:
    """Class as we gave it: printable characters, which FreeRADIUS writes as hexadecimal."""
    try:
        plain = bytes.fromhex(text[2:]).decode("ascii") if text.startswith("0x") else ""
    except ValueError:
        return None
    return plain[:MAX_TEXT] if plain.isprintable() and plain else None
