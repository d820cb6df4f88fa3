"""Two organizations that have everything an organization can have, and the addresses by which each thing is named."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.models import AccessBlock
from portal.acquisition.models import Source, SourceCost, SourceEvent, Visit
from portal.consent import documents
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.tokens import random_id
from portal.guests.models import Guest
from portal.models import metadata
from portal.reporting.models import Alert, Annotation
from portal.staff import api_tokens, journal, sessions
from portal.staff.models import StaffUser
from portal.venues.models import LegalEntity, Organization, Venue
from portal.webhooks.models import WebhookEndpoint
from tests.support.access import make_grant
from tests.support.dashboard import employ
from tests.support.house import NOW, House, build_house, gateway_key

ROLES = ("owner", "marketer", "staff")
QUIET = {"since": "2026-11-10", "days": 9, "a_week": 12.5}  # what an alert of a silent channel says


@dataclass(frozen=True)
class Tenant:
    """One organization. `mark` stands in every text of it; `things` are the values of URL arguments that name its own."""

    house: House
    mark: str
    things: dict[str, Any]
    emails: dict[str, str]
    api_token: str


def build_tenant(database: Database, settings: Settings, name: str, mark: str) -> Tenant:
    """Write one with people of every role and something under every kind of address."""
    with database.writing() as session:
        house = build_house(session, name)
        _named(session, house, mark)
        venue = session.get_one(Venue, house.venue_id)
        documents.draft_all(session, venue, venue.legal_entity, NOW, settings)
    emails = {role: employ(database, house.organization_id, role, f"{role}@{name}.example") for role in ROLES}
    with database.writing() as session:
        things, token = _things(session, house, name, mark)
    return Tenant(house, mark, things, emails, token)


def _named(session: Session, house: House, mark: str) -> None:
    session.get_one(Organization, house.organization_id).name = mark
    entity = session.get_one(LegalEntity, house.legal_entity_id)
    entity.name, entity.address, entity.contact_email = mark, mark, f"{mark}@example.com"
    venue = session.get_one(Venue, house.venue_id)
    venue.name = venue.city = venue.address = venue.offer_ru = venue.offer_en = mark
    venue.vouchers = True
    source = session.get_one(Source, house.source_id)
    source.label, source.utm_campaign, source.plan_kopecks = mark, mark, 100_000


def _things(session: Session, house: House, name: str, mark: str) -> tuple[dict[str, Any], str]:
    own = {"organization_id": house.organization_id}
    here = {**own, "venue_id": house.venue_id}
    person = session.scalars(select(StaffUser).where(StaffUser.email == f"marketer@{name}.example")).one()
    owner = session.scalars(select(StaffUser).where(StaffUser.email == f"owner@{name}.example")).one()
    signed_in, _token = sessions.start(session, person, mark, "203.0.113.9", NOW)
    grant = make_grant(session, house, NOW)
    note = Annotation(**here, public_id=random_id(), day=NOW.date(), text=mark, who=mark, created_at=NOW)
    cost = SourceCost(
        **here, source_id=house.source_id, kind="once", kopecks=5000, first_day=NOW.date(), last_day=NOW.date(), note=mark,
        created_at=NOW,
    )  # fmt: skip
    block = AccessBlock(
        **own, legal_entity_id=house.legal_entity_id, mac="02aabbccdd77", reason=mark, staff_name=mark, created_at=NOW
    )
    hook = WebhookEndpoint(**own, public_id=random_id(), url=f"https://{mark.lower()}.example/in", secret=mark, created_at=NOW)
    guest = Guest(
        **own, legal_entity_id=house.legal_entity_id, public_id=random_id(), phone="+79031112233", language="ru", name=mark,
        first_source_id=house.source_id, created_at=NOW, last_seen_at=NOW,
    )  # fmt: skip
    event = SourceEvent(**own, source_id=house.source_id, kind="renamed", was=mark, became=mark, who=mark, at=NOW)
    alert = Alert(**here, source_id=house.source_id, kind="quiet", facts=QUIET, raised_at=NOW)
    session.add_all([note, cost, block, hook, guest, event, alert, *_visits(house, mark)])
    journal.write(session, owner, "source.edit", mark, NOW)
    row, token = api_tokens.create(session, owner, mark, (), NOW)
    session.flush()
    things = {
        "venue": house.venue_code, "source": house.source_code, "gateway": gateway_key(name), "person_id": person.id,
        "session_id": signed_in.id, "cost_id": cost.id, "note": note.public_id, "block_id": block.id, "grant_id": grant.id,
        "hook": hook.public_id, "token_id": row.public_id,
    }  # fmt: skip
    return things, token


def _visits(house: House, mark: str) -> list[Visit]:
    return [
        Visit(
            organization_id=house.organization_id,
            venue_id=house.venue_id,
            public_id=random_id(),
            source_id=source,
            entry="qr",
            language="ru",
            utm_raw=mark,
            arrived_at=at,
            seen_at=at,
            phone_at=at,
            verified_at=at,
        )
        for source, hours in itertools.product((house.source_id, None), (1, 30, 500))
        for at in [NOW - timedelta(hours=hours)]
    ]


def rows_of(database: Database, tenant: Tenant) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the organization, by table: what nobody else may change."""
    found = {}
    with database.reading() as session:
        for table in metadata.sorted_tables:
            if "organization_id" in table.c:
                mine = select(table).where(table.c.organization_id == tenant.house.organization_id)
                found[table.name] = sorted(tuple(map(str, row)) for row in session.execute(mine))
    return found
