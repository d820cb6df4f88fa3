"""What `vestibule serve` says once everything stands: whole addresses that can be clicked."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import sources
from portal.cli.house import House
from portal.mail.senders.files import FOLDER
from portal.venues.models import Venue


def guide(house: House) -> Iterator[str]:
    """Lines for the terminal. Outside the demo only the addresses of the house."""
    settings = house.settings
    base = settings.base_url
    yield ""
    yield f"Vestibule stands at {base}"
    if settings.demo:
        with house.database.reading() as session:
            for venue in session.scalars(select(Venue).order_by(Venue.id)):
                yield from _venue(session, base, venue)
        yield f"Wi-Fi, with a pretend router   http://127.0.0.1:{settings.simulator_port}/"
    yield f"Dashboard                      {base}/dashboard/"
    yield f"SMS                            {_sms(house)}"
    yield f"E-mail to the staff            {_mail(house)}"
    yield "Ctrl-C stops everything; the next start keeps the data." if settings.demo else "Ctrl-C stops everything."
    yield ""


def _venue(session: Session, base: str, venue: Venue) -> Iterator[str]:
    yield f"{venue.name}, {venue.city} ({venue.timezone})"
    for source in sources.list_for_venue(session, venue.id):
        if source.kind != "wifi":
            yield f"  {source.label:<28} {base}/s/{source.code}"
    yield f"  {'a link made elsewhere':<28} {base}/v/{venue.code}?utm_source=telegram&utm_medium=social"


def _mail(house: House) -> str:
    if house.settings.mail_sender == "smtp":
        return f"sent through {house.settings.smtp_host}"
    return f"written to {house.settings.data_dir / FOLDER}/*.eml"


def _sms(house: House) -> str:
    if house.settings.sms_sender != "console":
        return f"sent by {house.settings.sms_sender}"
    page = f", and {house.settings.base_url}/demo/sms" if house.settings.demo_sms_page else ""
    return f"shown in this terminal{page}"
