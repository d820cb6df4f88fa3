"""What authmon and we say to each other at levels 3 and 4. Its requests are public: nothing in them proves a gateway.

`view` with the payload "none" asks for the devices to let in; with "* RHID RHID …" it names those that it let in;
`deauthed` tells of one that is off. The answer to `view` is "*" and then percent-encoded entries
"RHID MINUTES UP DOWN UPQUOTA DOWNQUOTA CUSTOM" (kbit/s, kB, 0 = the router's default; a MAC may stand for the RHID).
The router's shell evaluates what we answer: an entry is made of digits, hex digits, ":" and "-", nothing else.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from portal.core.mac import Mac, parse_mac

MAX_LIST = 1022  # characters: the router cuts the list at 1024, in the middle of an entry
MAX_OCTETS = 2**53
_NAME = r"(?:[0-9a-f]{64}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2})"
_ENTRY = re.compile(rf"\A{_NAME} [1-9][0-9]{{0,5}} [0-9]{{1,9}} [0-9]{{1,9}} 0 0 [0-9a-f-]{{1,60}}\Z")
_NAMED = re.compile(rf"\A{_NAME}\Z")


@dataclass(frozen=True, slots=True)
class Farewell:
    """A device that went off, in openNDS's words. Octets as the guest sees them, of this one session."""

    mac: Mac
    method: str
    downloaded: int
    uploaded: int
    started_at: datetime
    ended_at: datetime


def read_farewell(mac: str, method: str, downloaded: str, uploaded: str, started_at: str, ended_at: str) -> Farewell:
    """One in texts. Raises ValueError for anything that is none."""
    octets = [min(int(text), MAX_OCTETS) for text in (downloaded, uploaded)]
    try:
        began, over = (datetime.fromtimestamp(int(text), UTC) for text in (started_at, ended_at))
    except (OverflowError, OSError) as error:
        raise ValueError("not a time") from error
    if min(octets) < 0 or over < began:
        raise ValueError("not a session")
    return Farewell(parse_mac(mac), re.sub(r"[^a-z_]", "", method)[:20], octets[0], octets[1], began, over)


def minutes_of(seconds: int) -> int:
    """Whole minutes, never more than were granted, but at least one: 0 would mean the router's default."""
    return max(1, seconds // 60)


def entry(name: str, minutes: int, up_kbps: int, down_kbps: int, custom: str) -> str:
    """One device to let in, by its rhid or its MAC with colons. `custom` is our signed length."""
    return f"{name} {minutes} {up_kbps} {down_kbps} 0 0 {custom}"


def listing(entries: Iterable[str]) -> str:
    """The answer to `view`: whole entries from the front while they fit."""
    chosen, room = ["*"], MAX_LIST
    for one in entries:
        text = quote(one, safe="")
        if not _ENTRY.match(one):
            continue
        if len(text) > room:
            break
        chosen.append(text)
        room -= len(text) + 1
    return " ".join(chosen)


def text_of(payload: str) -> str:
    """The payload's text; empty when it is no base64. A "+" comes as a blank."""
    try:
        return base64.b64decode(payload.replace(" ", "+"), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def acknowledged(text: str) -> frozenset[str]:
    """The names of "* RHID RHID …"."""
    head, *rest = text.split(" ")
    return frozenset(word for word in rest if _NAMED.match(word)) if head == "*" else frozenset()


def farewell(text: str) -> Farewell | None:
    """A deauthed line, or None where it is not one."""
    values = dict(item.partition("=")[::2] for item in text[:1000].split(", "))
    names = ("method", "bytes_incoming", "bytes_outgoing", "session_start", "session_end")
    try:
        return read_farewell(unquote(values["clientmac"]), *(values[name][:20] for name in names))
    except (KeyError, ValueError):
        return None
