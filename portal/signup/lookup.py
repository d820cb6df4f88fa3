"""Finding a verification again: by its token, by its short SMS link, by the device that came back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.orm import Session

from portal.acquisition.entry import Entry
from portal.acquisition.models import Visit
from portal.core.errors import PortalError
from portal.core.statements import Ask, Statement
from portal.core.tokens import Keys
from portal.signup.models import PhoneVerification

TOKEN_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a /verify token says: which verification, and whether its holder showed nothing but a MAC, or the SMS's link.

    Neither of them has filled in the form: a number may be mistyped, and its SMS be read by a stranger.
    """

    public_id: str
    by_mac: bool
    by_link: bool = False


def seal_ticket(keys: Keys, ticket: Ticket, now: datetime) -> str:
    """The token of a /verify link."""
    return keys.seal("verify", {"v": ticket.public_id, "m": ticket.by_mac, "l": ticket.by_link}, now)


def open_ticket(keys: Keys, token: str, now: datetime) -> Ticket:
    """Raises BadToken."""
    payload = keys.unseal("verify", token, now, TOKEN_AGE)
    return Ticket(payload["v"], payload["m"], payload.get("l", False))


def by_public_id(session: Session, public_id: str) -> Any:
    """The row, to read: it has PhoneVerification's columns. Raises PortalError `expired_token` when it was removed."""
    found = _BY_PUBLIC_ID.first(session, {"public": public_id})
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
            PhoneVerification.path == literal_column("'wifi'"),  # spelled out, as in the index
            PhoneVerification.closed_at.is_(None),
            PhoneVerification.expires_at > now,
        )
        .order_by(PhoneVerification.created_at.desc())
        .limit(1)
    )


def entry_of(session: Session, verification: Any) -> Entry | None:
    """The visit as its form's token tells it, for a guest who goes back to the form; None on the /me path."""
    visit = session.scalar(select(Visit).where(Visit.public_id == verification.visit_id))
    if visit is None:
        return None
    return Entry(
        visit.public_id, visit.venue_id, visit.source_id, visit.entry, verification.language, visit.arrived_at,
        visit.utm_raw, visit.utm_cut, verification.arrival,
    )  # fmt: skip


def ask_visit_lock(public_id: str) -> Ask:
    """What `lock_visit_of` will ask, to be asked ahead."""
    return _LOCK_VISIT, {"verification": public_id}


def lock_visit_of(session: Session, public_id: str) -> Any:
    """Take the lock that every door of a signup takes first: the visit's row, so that no two wait for each other.

    Gives the visit's source_id and device_family; None for a verification of /me, which has no visit and needs no lock.
    """
    return _LOCK_VISIT.first(session, {"verification": public_id})


_LOCK_VISIT = Statement(
    select(Visit.source_id, Visit.device_family)
    .join(PhoneVerification, PhoneVerification.visit_id == Visit.public_id)
    .where(PhoneVerification.public_id == bindparam("verification"))
    .with_for_update(of=Visit)
)
_BY_PUBLIC_ID = Statement(select(PhoneVerification.__table__).where(PhoneVerification.public_id == bindparam("public")))
