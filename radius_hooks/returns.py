"""Sessions of remembered devices, which logged in by their MAC: the visit, the grant and the register row that they lack.

The room of access knows no visits, so this door writes the row.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, literal, null, select
from sqlalchemy.orm import Session

from portal.access import remembered
from portal.access.nas import KnownNas
from portal.access.packets import AccountingReport
from portal.core.db import UtcDateTime
from portal.core.statements import Statement
from portal.models import acquisition, venues

_VISIT = cast(Table, acquisition.Visit.__table__)
_SOURCE, _VENUE = acquisition.Source, venues.Venue


def adopt(session: Session, nas: KnownNas, packet: AccountingReport, now: datetime, began: datetime) -> str | None:
    """Give a stored session that has no grant the one of its remembered device; returns its visit's public id.

    None for a stranger, and for a session that has its grant already. `now` is when the report was received, `began` when
    the session began.
    """
    opened = remembered.open_session(session, nas, packet, now)
    if opened is None:
        return None
    if opened.made:
        facts = {"venue": nas.venue_id, "visit": opened.visit_id, "at": began, "ip": packet.ip}
        _RECORD.write(session, facts)
    return opened.visit_id


_WIFI = (
    select(_SOURCE.id)
    .where(_SOURCE.venue_id == bindparam("venue"), _SOURCE.kind == "wifi")
    .order_by(_SOURCE.id)
    .limit(1)
    .scalar_subquery()
)
_FACTS = {
    "organization_id": _VENUE.organization_id,
    "venue_id": _VENUE.id,
    "public_id": bindparam("visit", type_=_VISIT.c.public_id.type),
    "source_id": _WIFI,
    "entry": literal("wifi"),
    "visitor_class": literal("remembered"),
    "language": _VENUE.language,
    "device_family": literal(""),
    "utm_cut": literal(False),
    "synthetic": literal(False),
    "ip": bindparam("ip", type_=_VISIT.c.ip.type),
    "user_agent": null(),
    "arrived_at": bindparam("at", type_=UtcDateTime()),
}
_RECORD = Statement(insert(_VISIT).from_select(list(_FACTS), select(*_FACTS.values()).where(_VENUE.id == bindparam("venue"))))
