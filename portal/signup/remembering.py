"""A device whose user was just proven may come back without a code: for the policy's days, until the documents change."""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.access import remembered
from portal.access.models import RememberedDevice
from portal.consent import documents
from portal.consent.models import ConsentDocument
from portal.core.mac import Mac
from portal.core.statements import Statement
from portal.venues.models import Venue, WifiPolicy

WIFI_DOCUMENTS = ("wifi_terms", "privacy_policy")  # what every guest of the Wi-Fi is shown


def remember(
    session: Session, venue: Venue, policy: WifiPolicy, mac: Mac, identification_id: int, now: datetime, *, vouched: bool
) -> None:
    """Remember a device by its newest proof. One statement, none where the venue remembers nobody.

    A MAC that only the browser told does not replace what is known of a device while that still holds.
    """
    if policy.remember_days < 1:
        return
    _REMEMBER.write(
        session,
        {
            "organization_id": venue.organization_id, "legal_entity_id": venue.legal_entity_id, "venue_id": venue.id,
            "mac": mac.hex, "identification_id": identification_id, "everywhere": policy.remember_everywhere,
            "vouched": vouched, "since": now, "until": now + timedelta(days=policy.remember_days), "ended_at": None,
            "ended_reason": None,
        },
    )  # fmt: skip


def publish(session: Session, document: ConsentDocument, now: datetime) -> int:
    """Put a draft in force; one that Wi-Fi guests are shown makes their devices strangers. Returns how many.

    Raises PortalError as `consent.documents.publish` does.
    """
    documents.publish(session, document, now)
    if document.kind not in WIFI_DOCUMENTS:
        return 0
    return remembered.end_for_document(session, document.legal_entity_id, document.venue_id, now)


_TABLE = cast(Table, RememberedDevice.__table__)
_COLUMNS = [column.key for column in _TABLE.columns if column.key not in ("id", "document_id")]
_IN_FORCE = (
    select(func.max(ConsentDocument.id))
    .where(
        ConsentDocument.venue_id == bindparam("venue_id"),
        or_(*(ConsentDocument.kind == kind for kind in WIFI_DOCUMENTS)),
        ConsentDocument.published_at.is_not(None),
    )
    .scalar_subquery()
)


def _remember(insert: Any) -> Any:
    made = insert(_TABLE).values(document_id=_IN_FORCE, **{key: bindparam(key, type_=_TABLE.c[key].type) for key in _COLUMNS})
    newer, old = made.excluded, _TABLE.c
    return made.on_conflict_do_update(
        index_elements=["mac", "venue_id"],
        set_={key: newer[key] for key in (*_COLUMNS, "document_id") if key not in ("mac", "venue_id")},
        where=or_(newer.vouched, old.ended_at.is_not(None), old.until <= newer.since),
    )


_REMEMBER = Statement({"sqlite": _remember(sqlite_insert), "postgresql": _remember(pg_insert)})
