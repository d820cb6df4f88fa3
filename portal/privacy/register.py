"""The Wi-Fi register as an official request asks for it: by phone, by MAC or by time (ПП 758 and 801 of 2014).

A line is a session of an identified user; an access without a session that a router accounted has a line of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant, AccountingSession, Identification, Voucher
from portal.core.mac import Mac
from portal.core.phone import Phone
from portal.venues.models import Nas, Venue

AT_ONCE = 1000  # rows held as objects; their lines are small


@dataclass(frozen=True, slots=True)
class Asked:
    """What the request names: a phone, a MAC, or neither; and the time, from `begins` up to but not at `ends`."""

    phone: Phone | None = None
    mac: Mac | None = None
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def kind(self) -> str:
        """phone | mac | time."""
        return "phone" if self.phone else "mac" if self.mac else "time"


@dataclass(frozen=True, slots=True)
class Line:
    """Who used the internet where, by what proof, with which device, from when to when. Octets as the guest sees them.

    `staff` is who gave the voucher of a user without a phone. `until` is empty while the session goes on. Where a router
    accounts nothing by RADIUS, end and octets are what its own script reported under its key, if it did.
    """

    venue: str
    timezone: str
    phone: str | None
    proof: str
    staff: str | None
    proven_at: datetime
    mac: str | None
    ip: str | None
    nas: str | None
    session: str | None
    since: datetime
    until: datetime | None
    sent_octets: int
    received_octets: int
    policy_version: int | None
    kept_until: datetime | None


def lines(session: Session, legal_entity_id: int, venue_ids: Sequence[int], asked: Asked) -> list[Line]:
    """Every line of a legal entity at these venues, the earliest first.

    Raises ValueError when nothing is asked for: the whole register is never handed over.
    """
    if not (asked.phone or asked.mac or (asked.begins and asked.ends)):
        raise ValueError("name a phone, a MAC or a time")
    query = (
        select(AccessGrant, Identification, Voucher.staff_name, AccountingSession, Nas.name, Venue.name, Venue.timezone)
        .join(Venue, Venue.id == AccessGrant.venue_id)
        .outerjoin(Identification, Identification.id == AccessGrant.identification_id)
        .outerjoin(Voucher, Voucher.id == AccessGrant.voucher_id)
        .outerjoin(AccountingSession, AccountingSession.grant_id == AccessGrant.id)
        .outerjoin(Nas, Nas.id == AccountingSession.nas_id)
        .where(Venue.legal_entity_id == legal_entity_id, Venue.id.in_(venue_ids), *_wanted(asked))
        .order_by(func.coalesce(AccountingSession.started_at, AccessGrant.starts_at), AccessGrant.id)
    )
    return [_line(*row) for row in session.execute(query, execution_options={"yield_per": AT_ONCE})]


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.phone:
        found.append(Identification.phone == asked.phone.e164)
    if asked.mac:
        found.append(or_(AccessGrant.mac == asked.mac.hex, AccountingSession.mac == asked.mac.hex))
    if asked.ends:
        found.append(func.coalesce(AccountingSession.started_at, AccessGrant.starts_at) < asked.ends)
    if asked.begins:
        found.append(_not_over_before(asked.begins))
    return found


def _not_over_before(moment: datetime) -> ColumnElement[bool]:
    told = case((AccessGrant.router_verified.is_(True), AccessGrant.router_ended_at))
    no_session = AccountingSession.id.is_(None)
    return or_(
        AccountingSession.stopped_at >= moment,
        and_(~no_session, AccountingSession.stopped_at.is_(None)),
        and_(no_session, func.coalesce(told, AccessGrant.revoked_at, AccessGrant.expires_at) >= moment),
    )


def _line(
    grant: AccessGrant,
    proven: Identification | None,
    staff: str | None,
    session: AccountingSession | None,
    nas: str | None,
    venue: str,
    timezone: str,
) -> Line:
    told = grant.router_verified  # anybody can send figures without the key
    return Line(
        venue=venue,
        timezone=timezone,
        phone=proven.phone if proven else None,
        proof=proven.proof if proven else "voucher",
        staff=staff,
        proven_at=proven.proven_at if proven else grant.starts_at,
        mac=(session.mac if session else None) or grant.mac,
        ip=(session.ip if session else None) or (proven.ip if proven else None),
        nas=nas,
        session=session.acct_session_id if session else None,
        since=(session.started_at if session else None) or grant.starts_at,
        until=session.stopped_at if session else (told and grant.router_ended_at) or grant.revoked_at or grant.expires_at,
        sent_octets=session.input_octets if session else (told and grant.router_uploaded) or 0,
        received_octets=session.output_octets if session else (told and grant.router_downloaded) or 0,
        policy_version=proven.policy_version if proven else None,
        kept_until=proven.destroy_after if proven else None,
    )
