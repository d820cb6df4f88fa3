"""The visit's last step, told by the router. The room of access knows no visits, so this door writes the step."""

from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, case, or_, update
from sqlalchemy.orm import Session

from portal.core.db import UtcDateTime
from portal.core.statements import Statement
from portal.models import access, acquisition

EVIDENCE = "accounting"  # of portal/gateways/base.py
_VISIT = cast(Table, acquisition.Visit.__table__)
_GRANT = cast(Table, access.AccessGrant.__table__)
_AT = bindparam("at", type_=UtcDateTime())


def mark_online(session: Session, visit_public_id: str, at: datetime) -> None:
    """Set online_at once, with its evidence, on the visit and its grants; the visit only if it was let in.

    Let in is who came by a code, a voucher or as a remembered device. A router's idea of when it began is never believed
    to be earlier than that.
    """
    facts = {"visit": visit_public_id, "at": at, "evidence": EVIDENCE}
    _SET_VISIT.write(session, facts)
    _SET_GRANTS.write(session, facts)


# Built once: each guest passes here.
_CLASS = _VISIT.c.visitor_class
_LET_IN = or_(_VISIT.c.verified_at.is_not(None), _CLASS == "voucher", _CLASS == "remembered")
_SET_VISIT = Statement(
    update(_VISIT)
    .where(_VISIT.c.public_id == bindparam("visit"), _VISIT.c.online_at.is_(None), _LET_IN)
    .values(online_at=case((_VISIT.c.verified_at > _AT, _VISIT.c.verified_at), else_=_AT), online_evidence=bindparam("evidence"))
)
_SET_GRANTS = Statement(
    update(_GRANT)
    .where(_GRANT.c.visit_id == bindparam("visit"), _GRANT.c.online_at.is_(None), _GRANT.c.expires_at > _AT)
    .values(online_at=case((_GRANT.c.starts_at > _AT, _GRANT.c.starts_at), else_=_AT), online_evidence=bindparam("evidence"))
)
