"""Is a device behind the gateway or past it, as far as anybody told us? For the status page and for RFC 8908."""

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.core.db import UtcDateTime
from portal.core.mac import Mac

_SESSIONS = select(
    func.count(),
    func.min(AccountingSession.started_at, type_=UtcDateTime()).filter(AccountingSession.stopped_at.is_(None)),
).where(AccountingSession.grant_id == bindparam("grant"))


def passed_since(session: Session, grant: AccessGrant) -> datetime | None:
    """Since when the gateway lets the device of a grant pass; None while it does not, or nobody has said so.

    The router's own accounting goes first: a device whose every session was closed stands before the gateway again,
    whatever was seen of it earlier. Says nothing of the grant's own end.
    """
    told, since = session.execute(_SESSIONS, {"grant": grant.id}).one()
    if told:
        return since if since is None or since > grant.starts_at else grant.starts_at
    return grant.online_at


def free_grant(session: Session, venue_id: int, mac: Mac, evidence: str, now: datetime) -> AccessGrant | None:
    """The live grant that a device is online by, None while it is captive. Reads only.

    `evidence` is the gateway's kind's: where nothing is ever told (`none`) the grant itself has to do.
    """
    grant = grants.live_for(session, venue_id, mac, now)
    if grant is None or (evidence != "none" and passed_since(session, grant) is None):
        return None
    return grant
