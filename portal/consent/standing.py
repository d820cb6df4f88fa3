"""Consents in force of many people at once."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consent.models import ConsentRecord


def standing(
    session: Session, legal_entity_id: int, subjects: Sequence[str], purposes: Collection[str]
) -> dict[str, dict[str, datetime]]:
    """For each pseudonym (`records.subject_of`) the purposes in force and since when; nobody without any."""
    wanted = (
        ConsentRecord.legal_entity_id == legal_entity_id, ConsentRecord.subject.in_(subjects),
        ConsentRecord.purpose.in_(purposes), ConsentRecord.event != "declared",
    )  # fmt: skip
    columns = (ConsentRecord.subject, ConsentRecord.purpose, ConsentRecord.event, ConsentRecord.at)
    found: dict[str, dict[str, datetime]] = {}
    for subject, purpose, event, at in session.execute(select(*columns).where(*wanted).order_by(ConsentRecord.seq)):
        if event == "given":
            found.setdefault(subject, {})[purpose] = at
        else:
            found.get(subject, {}).pop(purpose, None)
    return {subject: given for subject, given in found.items() if given}
