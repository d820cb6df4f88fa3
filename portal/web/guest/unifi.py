"""Where UniFi sends guests, always: /guest/s/<site>/. It goes on to the venue's own page, by https and our public name.

UniFi may call by http and by an address; nothing is shown here but the way on. Sites have names that are unique only in
their own console ("default" nearly always), so that of several the access point, or the portal's name there, decides.
"""

import time
from dataclasses import dataclass

from flask import current_app, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as AnyResponse

from portal.core.errors import PortalError
from portal.core.mac import parse_mac
from portal.gateways.unifi_options import aps_of, host_of, site_of
from portal.venues import directory
from portal.web.guest import bp
from portal.web.guest.arrival import portal_url
from portal.web.parts import parts

FRESH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Site:
    """A UniFi gateway as its redirects tell it: `host` and `aps` are empty where the owner named none."""

    name: str
    venue_code: str
    host: str
    aps: frozenset[str]


@bp.get("/guest/s/<site>", strict_slashes=False)
def from_unifi(site: str) -> AnyResponse:
    """Send the guest on to the venue, with everything that UniFi said and the name of its site before it."""
    sites: Sites = current_app.extensions.setdefault("vestibule-unifi-sites", Sites())
    code = choose([known for known in sites.all() if known.name == site], request.host, request.args.get("ap", ""))
    if code is None:
        text = _("This Wi-Fi network is not set up yet. Ask the staff: they open the internet or say what else you can do.")
        return make_response(render_template("guest/message.html", title=_("The Wi-Fi is not ready"), text=text), 404)
    query = request.query_string.decode("latin-1")
    return redirect(f"{portal_url(code)}?site={site}&{query}", 302)


def choose(sites: list[Site], host: str, ap: str) -> str | None:
    """The code of the one venue that a redirect can mean, or None: nobody is sent to a place by guess."""
    if len({known.venue_code for known in sites}) > 1:
        named = [known for known in sites if known.host and known.host == host.partition(":")[0].lower()]
        sites = named or [known for known in sites if not known.host]
    if len({known.venue_code for known in sites}) > 1:
        listing = [known for known in sites if _mac(ap) in known.aps]
        sites = listing or [known for known in sites if not known.aps]
    codes = {known.venue_code for known in sites}
    return codes.pop() if len(codes) == 1 else None


def _mac(ap: str) -> str:
    try:
        return parse_mac(ap).hex
    except ValueError:
        return ""


class Sites:
    """Every UniFi site, as of a few seconds ago; while the database is away, as it was."""

    def __init__(self) -> None:
        self._read_at: float | None = None
        self._kept: tuple[Site, ...] = ()

    def all(self) -> tuple[Site, ...]:
        """What there is."""
        if self._read_at is not None and time.monotonic() - self._read_at < FRESH_SECONDS:
            return self._kept
        try:
            self._kept, self._read_at = _read(), time.monotonic()
        except OperationalError:
            if self._read_at is None:
                raise
        return self._kept


def _read() -> tuple[Site, ...]:
    with parts().database.reading() as session:
        rows = directory.gateways_of_kind(session, "unifi")
    sites = []
    for config, code in rows:
        try:
            sites.append(Site(site_of(config.options), code, host_of(config.options), aps_of(config.options)))
        except PortalError:  # refused by check() since: its venue is named on the check list, others go on
            continue
    return tuple(sites)
