"""Hardware addresses of devices, in the five writings that gateways use."""

import re
from dataclasses import dataclass

_SHAPE = re.compile(
    r"\A(?:[0-9a-f]{12}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2}"
    r"|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}|[0-9a-f]{6}-[0-9a-f]{6})\Z"
)


@dataclass(frozen=True, slots=True)
class Mac:
    """Twelve lower-case hex digits. A MAC is a hint, never a person: it can be anyone's."""

    hex: str

    @property
    def colons(self) -> str:
        """`aa:bb:cc:dd:ee:ff`, as openNDS and UniFi write it."""
        return ":".join(self.hex[i : i + 2] for i in range(0, 12, 2))

    @property
    def dashes(self) -> str:
        """`AA-BB-CC-DD-EE-FF`, RFC 3580 §3.21."""
        return self.colons.replace(":", "-").upper()

    def __str__(self) -> str:
        return self.colons


def parse_mac(written: str) -> Mac:
    """Read any of the five writings. Raises ValueError."""
    text = written.strip().lower()
    if not _SHAPE.match(text):
        raise ValueError("not a MAC address")
    digits = re.sub(r"[^0-9a-f]", "", text)
    if digits in ("0" * 12, "f" * 12):
        raise ValueError("not the address of a device")
    return Mac(digits)
