"""How routers write a device's MAC into User-Name when they ask for a device instead of a login (MAC authentication)."""

from portal.core.mac import Mac

_COLONS = frozenset({"mikrotik"})  # AA:BB:CC:DD:EE:FF, as in its Calling-Station-Id (RouterOS, mac-format default)
_DASHES = frozenset({"uam", "chilli", "coovachilli", "keenetic"})  # AA-BB-CC-DD-EE-FF (observed with CoovaChilli 1.6)


def is_written_by(kind: str | None, mac: Mac, user_name: str) -> bool:
    """True when a router of this kind would write this device so. Others are configurable: any usual writing of one case."""
    if kind in _COLONS:
        return user_name == mac.colons.upper()
    if kind in _DASHES:
        return user_name == mac.dashes
    return user_name in _usual(mac)


def _usual(mac: Mac) -> set[str]:
    digits = mac.hex
    dotted = ".".join(digits[i : i + 4] for i in range(0, 12, 4))
    halves = f"{digits[:6]}-{digits[6:]}"
    lower = {digits, mac.colons, mac.dashes.lower(), dotted, halves}
    return lower | {written.upper() for written in lower}
