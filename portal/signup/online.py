"""The visit's last step: something told us that the device is online."""

from datetime import datetime
from typing import cast

from sqlalchemy import CursorResult, Table, bindparam, case, or_, update
from sqlalchemy.orm import Session

from portal.access.models import AccessGrant
from portal.acquisition.models import Visit
from portal.core.db import UtcDateTime
from portal.gateways.base import Evidence
from portal.venues import signs

_VISIT = cast(Table, Visit.__table__)
_GRANT = cast(Table, AccessGrant.__table__)
_AT = bindparam("at", type_=UtcDateTime)


def came_online(session: Session, visit_public_id: str, at: datetime, evidence: Evidence) -> bool:
    """Note that the device of a visit was online at `at`. True when nobody had said so before.

    Time and evidence are set once and together, on the visit and on its grants: a time means what its evidence means, so a
    stronger one that comes later replaces neither. Only a visit that was let in (by a code, a voucher or as a remembered
    device) can be online, and never before it was: `at` is moved up to that moment.
    """
    facts = {"visit": visit_public_id, "at": at, "evidence": evidence}
    run = session.connection().execute
    first = cast(CursorResult[object], run(_SET_VISIT, facts)).rowcount
    gateways = run(_SET_GRANTS, facts).scalars().all()
    for gateway_id in {number for number in gateways if number is not None}:
        signs.note(session, gateway_id, "online", at)
    return bool(first)


# Built once: each guest passes here.
_LET_IN = or_(_VISIT.c.verified_at.is_not(None), _VISIT.c.visitor_class.in_(("voucher", "remembered")))
_SET_VISIT = (
    update(_VISIT)
    .where(_VISIT.c.public_id == bindparam("visit"), _VISIT.c.online_at.is_(None), _LET_IN)
    .values(online_at=case((_VISIT.c.verified_at > _AT, _VISIT.c.verified_at), else_=_AT), online_evidence=bindparam("evidence"))
)
_SET_GRANTS = (
    update(_GRANT)
    .where(_GRANT.c.visit_id == bindparam("visit"), _GRANT.c.online_at.is_(None), _GRANT.c.expires_at > _AT)
    .values(online_at=case((_GRANT.c.starts_at > _AT, _GRANT.c.starts_at), else_=_AT), online_evidence=bindparam("evidence"))
    .returning(_GRANT.c.gateway_id)
)
