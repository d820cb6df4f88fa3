"""Members who agreed to advertising, for the owner's own mailings: nobody else, and of each only what the consent is for.

A phone stands there only with consent to advertising by SMS in force at this moment, an e-mail only with that to e-mail.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, Visit
from portal.consent.records import subject_of
from portal.consent.standing import standing
from portal.core.i18n import translations
from portal.core.phone import phone_from_e164
from portal.core.tokens import Keys
from portal.guests.models import Guest
from portal.reporting.exports import Cell, Column, Table
from portal.venues.models import Venue

SMS, EMAIL = "advertising_sms", "advertising_email"
AT_ONCE = 500


def members(session: Session, keys: Keys, venue: Venue, language: str) -> Table:
    """Members who were at this venue. Read while the session is open; in CSV a phone is written without its plus."""
    _ = translations(language).gettext
    columns = (
        Column(_("Phone")),
        Column(_("E-mail")),
        Column(_("Name")),
        Column(_("Language")),
        Column(_("Advertising by SMS since"), "moment"),
        Column(_("Advertising by e-mail since"), "moment"),
        Column(_("Member since"), "moment"),
        Column(_("First source")),
    )
    return Table(_("Members"), columns, _rows(session, keys, venue), venue.timezone)


def count(session: Session, keys: Keys, venue: Venue) -> int:
    """How many lines it would have now."""
    return sum(1 for _ in _rows(session, keys, venue))


def _rows(session: Session, keys: Keys, venue: Venue) -> Iterator[tuple[Cell, ...]]:
    last = 0
    while page := _page(session, venue, last):
        last = page[-1][0].id
        subjects = {guest.id: subject_of(keys, venue.legal_entity_id, phone_from_e164(guest.phone)) for guest, _label in page}
        given = standing(session, venue.legal_entity_id, list(subjects.values()), (SMS, EMAIL))
        for guest, label in page:
            agreed = given.get(subjects[guest.id])
            if agreed:
                phone = guest.phone.lstrip("+") if SMS in agreed else None
                email = guest.email if EMAIL in agreed else None
                since = (agreed.get(SMS), agreed.get(EMAIL), guest.created_at)
                yield (phone, email, guest.name, guest.language, *since, label)
        session.expunge_all()


def _page(session: Session, venue: Venue, after: int) -> Sequence[tuple[Guest, str | None]]:
    here = select(Visit.id).where(Visit.guest_id == Guest.id, Visit.venue_id == venue.id)
    mine = (Guest.legal_entity_id == venue.legal_entity_id, Guest.id > after)
    query = select(Guest, Source.label).join(Source, Source.id == Guest.first_source_id, isouter=True).where(*mine, here.exists())
    return [row._tuple() for row in session.execute(query.order_by(Guest.id).limit(AT_ONCE))]
