"""The visit's last step, told by the router. The room of access knows no visits, so this door writes the step."""

from datetime import datetime

from sqlalchemy import Table, case, or_, update
from sqlalchemy.orm import Session

from portal.models import acquisition

_VISIT: Table = acquisition.Visit.__table__  # type: ignore[assignment]
_LET_IN_WITHOUT_CODE = ("voucher", "remembered")


def mark_online(session: Session, visit_public_id: str, at: datetime) -> None:
    """Set online_at once, and only on a visit that was let in: by a code, a voucher or as a remembered device.

    A router's idea of when it began is never believed to be earlier than the code.
    """
    visit = _VISIT.c
    session.connection().execute(
        update(_VISIT)
        .where(
            visit.public_id == visit_public_id,
            visit.online_at.is_(None),
            or_(visit.verified_at.is_not(None), visit.visitor_class.in_(_LET_IN_WITHOUT_CODE)),
        )
        .values(online_at=case((visit.verified_at > at, visit.verified_at), else_=at))
    )
