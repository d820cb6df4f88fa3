"""How often a device was sent to its gateway in one go: the mark that keeps two sides from sending a guest in circles.

Gateways carry the URL that the guest shall come back to through a login, a refusal and a fresh challenge. It is ours, so
it carries the count. A mark is forgotten after a minute: trying again by hand later begins anew.
"""

import re
from datetime import datetime

from portal.gateways.base import origin

FORGOTTEN_SECONDS = 60
MOST = 9
_MARK = re.compile(r"[?&]trip=([0-9])\.([0-9]{9,11})\Z")


def marked(return_url: str, trips: int, now: datetime) -> str:
    """The URL to come back to, with the number of this trip."""
    joint = "&" if "?" in return_url else "?"
    return f"{return_url}{joint}trip={min(trips, MOST)}.{int(now.timestamp())}"


def is_ours(url: str, portal_url: str) -> bool:
    """True for an address of this portal: not where the guest wanted to go, but where we sent them."""
    return url.startswith(origin(portal_url) + "/")


def trips_of(url: str, portal_url: str, now: datetime) -> int:
    """The count in a URL that a gateway brought back; 0 for every other URL, and after a minute."""
    found = _MARK.search(url[-40:]) if is_ours(url, portal_url) else None
    if found is None or abs(now.timestamp() - int(found[2])) > FORGOTTEN_SECONDS:
        return 0
    return int(found[1])
