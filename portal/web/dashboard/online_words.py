"""What is said about devices that are online: what they are, how we know, and what became of "Disconnect"."""

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

FAMILIES = {
    "iphone": _l("iPhone"),
    "ipad": _l("iPad"),
    "android": _l("Android"),
    "windows": _l("Windows"),
    "mac": _l("Mac"),
    "linux": _l("Linux"),
    "other": _l("device"),
}
EVIDENCE = {
    "accounting": _l("the router counts it"),
    "authorized": _l("the router's list of guests"),
    "acknowledged": _l("the router confirmed"),
    "proof_image": _l("the phone reached the internet"),
    "none": _l("not known"),
}
STATES = {
    "asked": _l("Asked, the router has not confirmed yet"),
    "at_lease_end": _l("Asked: this router cannot be told, the access ends by itself within minutes"),
    "done": _l("Disconnected"),
    "failed": _l("The router did not do it"),
}


def volume(octets: int) -> str:
    """Megabytes or gigabytes of 10^6 and 10^9 bytes, as providers count them."""
    if octets < 999_500_000:
        return str(_("%(number)s MB", number=format_decimal(octets / 10**6, format="#,##0" if octets >= 10**7 else "#,##0.0")))
    return str(_("%(number)s GB", number=format_decimal(octets / 10**9, format="#,##0.0")))
