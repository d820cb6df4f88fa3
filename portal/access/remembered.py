"""Devices that come back without a code, because their user was proven not long ago. A MAC alone is never believed:
the gateway has to vouch for it, or to check it by RADIUS."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from portal.access import grants, standing
from portal.access.authorization import is_remembered
from portal.access.identification import identify_again
from portal.access.models import AccessGrant, AccountingSession, Identification, RememberedDevice
from portal.access.nas import KnownNas
from portal.access.packets import AccountingReport
from portal.core.mac import Mac, parse_mac
from portal.core.tokens import random_id
from portal.venues import directory

BY_GUEST = "guest"  # who went offline by their own word may come back by it


@dataclass(frozen=True, slots=True)
class Opened:
    """What an accounted session of a remembered device belongs to. `made`: now; its visit has no row yet."""

    grant_id: int
    visit_id: str
    made: bool


def open_session(session: Session, nas: KnownNas, packet: AccountingReport, now: datetime) -> Opened | None:
    """Give a stored session whose User-Name is the device's own MAC its grant: the one that runs, or a new one.

    None for a stranger, for a name that is no MAC or another device's, and for a session that has a grant. Call it in the
    transaction that stored the report; of two copies at once the second finds what the first has made.
    """
    try:
        mac = parse_mac(packet.user_name)
    except ValueError:
        return None
    if packet.mac != mac or not _lacks_grant(session, nas, packet):
        return None
    row = _locked(session, nas.venue_id, mac, now)
    if row is None:
        return None
    opened = _running_or_new(session, row, nas, packet, mac, now)
    if opened is not None:
        facts = {"nas": nas.id, "sid": packet.acct_session_id, "user": packet.user_name, "grant": opened.grant_id}
        session.execute(_ADOPT, facts)
    return opened


def _running_or_new(
    session: Session, row: Any, nas: KnownNas, packet: AccountingReport, mac: Mac, now: datetime
) -> Opened | None:
    if row.grant_id is not None:
        return Opened(row.grant_id, row.visit_id, False)
    if row.blocked or not is_remembered(row, now):
        return None
    grant = _grant(session, row, nas.venue_id, mac, random_id(), packet.ip, nas.gateway_id, now)
    return Opened(grant.id, grant.visit_id, True)


def _lacks_grant(session: Session, nas: KnownNas, packet: AccountingReport) -> bool:
    facts = {"nas": nas.id, "sid": packet.acct_session_id, "user": packet.user_name}
    return session.execute(_WITHOUT_GRANT, facts).first() is not None


def is_welcome(session: Session, venue_id: int, mac: Mac, now: datetime) -> bool:
    """May this device go online by one tap? The caller answers for the MAC. Reads only."""
    return _may_return(standing.at_venue(session, venue_id, mac.hex, now), now)


def readmit(
    session: Session, venue_id: int, mac: Mac, *, visit_id: Callable[[], str], ip: str | None, gateway_id: int, now: datetime
) -> AccessGrant | None:
    """The grant of a remembered device whose user asked for it: the one that runs, or a new one; None for a stranger.

    `visit_id` is called for a new one, and records its visit.
    """
    row = _locked(session, venue_id, mac, now)
    if row is not None and row.grant_id is not None and row.revoked_at is None:
        return session.get_one(AccessGrant, row.grant_id)
    if not _may_return(row, now):
        return None
    return _grant(session, row, venue_id, mac, visit_id(), ip, gateway_id, now)


def forget_devices(session: Session, macs: set[str], legal_entity_id: int, reason: str, now: datetime) -> int:
    """Devices that a legal entity no longer knows; returns how many rows ended. `reason`: see RememberedDevice."""
    return _end(session, legal_entity_id, RememberedDevice.mac.in_(macs), reason, now)


def forget_phone(
    session: Session, legal_entity_id: int, phone: str, reason: str, now: datetime, only: Callable[[str], bool] | None = None
) -> int:
    """The devices that a phone (E.164) was proven on, all or those whose MAC fits `only`; returns how many rows ended."""
    proofs = select(Identification.mac).where(Identification.phone == phone, Identification.mac.is_not(None)).distinct()
    mine = RememberedDevice.mac.in_(proofs), RememberedDevice.ended_at.is_(None)
    here = RememberedDevice.legal_entity_id == legal_entity_id
    known = set(session.scalars(select(RememberedDevice.mac).where(here, *mine)))
    return forget_devices(session, {mac for mac in known if only is None or only(mac)}, legal_entity_id, reason, now)


def end_for_document(session: Session, legal_entity_id: int, venue_id: int, now: datetime) -> int:
    """A venue's Wi-Fi documents changed: nobody comes back there before having been shown them; returns how many rows ended."""
    concerned = or_(RememberedDevice.venue_id == venue_id, RememberedDevice.everywhere)
    return _end(session, legal_entity_id, concerned, "document", now)


def _end(session: Session, legal_entity_id: int, which: ColumnElement[bool], reason: str, now: datetime) -> int:
    live = (RememberedDevice.legal_entity_id == legal_entity_id, RememberedDevice.ended_at.is_(None), which)
    ended = update(RememberedDevice).where(*live).values(ended_at=now, ended_reason=reason).returning(RememberedDevice.id)
    return len(session.execute(ended.execution_options(synchronize_session=False)).all())


def _may_return(row: Any, now: datetime) -> bool:
    if row is None or row.blocked or not is_remembered(row, now):
        return False
    return bool(row.revoked_at is None or row.revoked_reason == BY_GUEST)


def _locked(session: Session, venue_id: int, mac: Mac, now: datetime) -> Any:
    """What is known of a device, looked at while its row is held: SQLite's writer holds everything."""
    row = standing.at_venue(session, venue_id, mac.hex, now)
    if row is None or row.remembered_id is None or session.get_bind().dialect.name == "sqlite":
        return row
    session.execute(select(RememberedDevice.id).where(RememberedDevice.id == row.remembered_id).with_for_update())
    return standing.at_venue(session, venue_id, mac.hex, now)


def _grant(
    session: Session, row: Any, venue_id: int, mac: Mac, visit_id: str, ip: str | None, gateway_id: int | None, now: datetime
) -> AccessGrant:
    venue, policy = directory.venue_by_id(session, venue_id), directory.policy_of(session, venue_id)
    proven = identify_again(session, row.identification_id, venue, policy, mac, ip, gateway_id, now)
    return grants.issue(
        session, venue=venue, policy=policy, visit_id=visit_id, mac=mac, gateway_id=gateway_id,
        identification_id=proven.id, now=now,
    )  # fmt: skip


_OF_PACKET = (
    AccountingSession.nas_id == bindparam("nas"),
    AccountingSession.acct_session_id == bindparam("sid"),
    AccountingSession.user_name == bindparam("user"),
    AccountingSession.grant_id.is_(None),
)
_WITHOUT_GRANT = select(AccountingSession.id).where(*_OF_PACKET).limit(1)
_ROW: Table = AccountingSession.__table__  # type: ignore[assignment]
_ADOPT = update(_ROW).where(*_OF_PACKET).values(grant_id=bindparam("grant"), revision=_ROW.c.revision + 1)
