"""Rows of visits for tests of reports."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.acquisition.models import STEPS, Visit
from portal.core.tokens import random_id
from tests.support.house import House


def add_visit(session: Session, house: House, arrived_at: datetime, reached: dict[str, timedelta], **values: Any) -> Visit:
    """Write a visit; `reached` says how long after arrival each step came (`{"phone": timedelta(seconds=9)}`)."""
    facts: dict[str, Any] = {
        "organization_id": house.organization_id, "venue_id": house.venue_id, "source_id": house.source_id,
        "public_id": random_id(), "entry": "qr", "language": "ru", "arrived_at": arrived_at, **values,
    }  # fmt: skip
    steps = {f"{name}_at": arrived_at + after for name, after in reached.items()}
    assert set(steps) <= set(STEPS)
    visit = Visit(**facts, **steps)
    session.add(visit)
    session.flush()
    return visit
