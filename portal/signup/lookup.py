"""Finding a verification again: by its token, by its short SMS link, by the device that came back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.entry import Entry
from portal.acquisition.models import Visit
from portal.core.errors import PortalError
from portal.core.tokens import Keys
from portal.signup.models import PhoneVerification

TOKEN_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a /verify token says: which verification, and whether its holder showed nothing but a MAC."""

    public_id: str
    by_mac: bool


def seal_ticket(keys: Keys, ticket: Ticket, now: datetime) -> str:
    """The token of a /verify link."""
    return keys.seal("verify", {"v": ticket.public_id, "m": ticket.by_mac}, now)


def open_ticket(keys: Keys, token: str, now: datetime) -> Ticket:
    """Raises BadToken."""
    payload = keys.unseal("verify", token, now, TOKEN_AGE)
    return Ticket(payload["v"], payload["m"])


def by_public_id(session: Session, public_id: str) -> PhoneVerification:
    """Raises PortalError `expired_token` when retention has removed it."""
    found = session.scalar(select(PhoneVerification).where(PhoneVerification.public_id == public_id))
    if found is None:
        raise PortalError("expired_token")
    return found


def by_link(session: Session, link: str) -> PhoneVerification | None:
    """The verification behind a short SMS link."""
    return session.scalar(select(PhoneVerification).where(PhoneVerification.link == link))


def pending_of_device(session: Session, venue_id: int, device_hash: str, now: datetime) -> PhoneVerification | None:
    """The newest open verification of a device that came back to the Wi-Fi with nothing but its MAC."""
    return session.scalar(
        select(PhoneVerification)
        .where(
            PhoneVerification.device_hash == device_hash,
            PhoneVerification.venue_id == venue_id,
            PhoneVerification.path == "wifi",
            PhoneVerification.closed_at.is_(None),
            PhoneVerification.expires_at > now,
        )
        .order_by(PhoneVerification.created_at.desc())
        .limit(1)
    )


def entry_of(session: Session, verification: PhoneVerification) -> Entry | None:
    """The visit as its form's token tells it, for a guest who goes back to the form; None on the /me path."""
    visit = session.scalar(select(Visit).where(Visit.public_id == verification.visit_id))
    if visit is None:
        return None
    return Entry(
        visit.public_id, visit.venue_id, visit.source_id, visit.entry, verification.language, visit.arrived_at,
        visit.utm_raw, visit.utm_cut, verification.arrival,
    )  # fmt: skip
