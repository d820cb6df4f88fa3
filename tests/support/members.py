"""New members made as guests make themselves: a scan, a phone, a code."""

from datetime import datetime

from sqlalchemy import select

from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.guests.models import Guest
from portal.jobs.house import House
from portal.sms.senders.console import ConsoleSender
from tests.support.signups import World, leave_phone, scan, type_code


def join(world: World, phone: str = "+79031234567", boxes: tuple[str, ...] = ("box_card",)) -> int:
    """Become a member through the portal's own pages; returns the guest's id."""
    client = world.client()
    sent = leave_phone(client, scan(client, world.house.source_code), phone, boxes)
    assert sent.status_code == 303, sent.text[:300]
    assert type_code(client, sent.location, world.code(phone)).status_code == 303
    with world.database.reading() as session:
        return session.scalars(select(Guest.id).where(Guest.phone == phone)).one()


def plain_guest(session, house, n: int, now: datetime) -> Guest:
    """A guest's row without the story behind it."""
    guest = Guest(
        organization_id=house.organization_id, legal_entity_id=house.legal_entity_id, public_id=f"guest-{n:016d}",
        phone=f"+7903{n:07d}", language="ru", created_at=now, last_seen_at=now,
    )  # fmt: skip
    session.add(guest)
    session.flush()
    return guest


def worker_of(settings: Settings, database: Database, clock=utcnow) -> House:
    """The parts of a worker that sends no SMS."""
    return House(settings, database, ConsoleSender(None), clock)
