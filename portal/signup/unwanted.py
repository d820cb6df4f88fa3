"""A number that wants no more codes: whoever got one that they never asked for says so by the link in the SMS.

The number's own limits are used up for a month, at every venue alike. So it costs no question on any guest's way, and the
answer to whoever goes on typing that number is the one of a limit: nothing tells why.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core import limits
from portal.core.config import Settings
from portal.core.limits import Limit
from portal.core.phone import Phone, phone_from_e164
from portal.signup import allowance, lookup
from portal.signup.lookup import Ticket
from portal.signup.start import close

LASTS = timedelta(days=30)


def refuse_by_link(session: Session, settings: Settings, ticket: Ticket, now: datetime) -> Phone | None:
    """Send nothing more to the number behind an SMS's link, and end its code; None where no number is known (any more)."""
    lookup.lock_visit_of(session, ticket.public_id)
    verification = lookup.by_public_id(session, ticket.public_id)
    if not ticket.by_link or verification.phone is None or verification.consumed_at is not None:
        return None
    phone = phone_from_e164(verification.phone)
    if verification.closed_at is None:
        close(session, verification.id, "unwanted", now)
    stop(session, settings, phone, now + LASTS)
    return phone


def stop(session: Session, settings: Settings, phone: Phone, until: datetime) -> None:
    """No code goes to a number until then."""
    limits.exhaust(session, _of_number(settings, phone), until)


def allow(session: Session, settings: Settings, phone: Phone) -> bool:
    """Take it back, with everything that was counted; False when nothing was."""
    return limits.free(session, _of_number(settings, phone))


def _of_number(settings: Settings, phone: Phone) -> list[Limit]:
    """Without the block of numbers, whose other nine thousand have asked for nothing."""
    return [limit for limit in allowance.of_number(settings, phone) if limit.key.startswith("nr:")]
