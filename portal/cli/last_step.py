"""The doctor's check of routers that take a login only as a form: it must come from a plain-http page of ours."""

from urllib.parse import urlsplit

from sqlalchemy import select

from portal.cli.checks import Wrong
from portal.cli.house import House
from portal.venues.models import GatewayConfig, Venue


def last_step(house: House) -> str:
    """Browsers warn of a form that leaves an https page for an http router, and guests then turn back."""
    settings = house.settings
    wanted = select(Venue.code, GatewayConfig.base_url, GatewayConfig.options).join(Venue, Venue.id == GatewayConfig.venue_id)
    with house.database.reading() as session:
        rows = session.execute(wanted.where(GatewayConfig.kind == "mikrotik")).all()
    forms = [code for code, base_url, options in rows if options.get("pap") and base_url.startswith("http:")]
    if not forms:
        return "no router needs a form"
    if urlsplit(settings.base_url).scheme == "https" and not settings.plain_url:
        places = ", ".join(sorted(set(forms)))
        raise Wrong(f"a MikroTik takes only PAP at {places}: set VESTIBULE_PLAIN_URL, or switch its login to http-chap")
    return f"{len(forms)} by a form on {settings.plain_url or settings.base_url}"
