"""Short ways to what a guest does, for tests: open a landing, leave a phone, read the SMS, type the code."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.app import create_app
from portal.consent import documents
from portal.core.config import Settings
from portal.core.db import Database
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.venues import directory
from tests.support.house import NOW, House

PHONE = "8 (903) 123-45-67"
E164 = "+79031234567"


@dataclass
class World:
    """A running portal without sockets: its app, its database, a clock that can be moved, what was handed to the worker."""

    settings: Settings
    database: Database
    house: House
    now: datetime = NOW
    delivered: list[int] = field(default_factory=list)
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        with self.database.writing() as session:
            publish_documents(session, self.house, self.now, self.settings)
        self.app = create_app(self.settings, self.database, self.delivered.append, lambda: self.now)

    def client(self) -> FlaskClient:
        """A browser of its own: no cookies from anybody else."""
        return self.app.test_client()

    def later(self, **span: float) -> None:
        """Move the clock."""
        self.now += timedelta(**span)

    def change_venue(self, **values: Any) -> None:
        """What an owner changes in the dashboard, seen by the next page."""
        with self.database.writing() as session:
            venue = directory.venue_by_id(session, self.house.venue_id)
            for name, value in values.items():
                setattr(venue, name, value)
        self.app.extensions.pop("vestibule-shelf", None)

    def code(self, phone: str = E164) -> str:
        """The code of the newest verification of a number, as its SMS would say it."""
        with self.database.reading() as session:
            row = session.scalars(
                select(PhoneVerification).where(PhoneVerification.phone == phone).order_by(PhoneVerification.id.desc())
            ).first()
        assert row is not None
        return code_for(self.settings.keys, row.nonce, phone)

    def rows(self, model: type[Any]) -> list[Any]:
        """Every row of a table."""
        with self.database.reading() as session:
            return list(session.scalars(select(model)))


def publish_documents(session: Any, house: House, now: datetime, settings: Settings) -> None:
    """Publish every document of the house's venue, in both languages."""
    venue = directory.venue_by_id(session, house.venue_id)
    for document in documents.draft_all(session, venue, venue.legal_entity, now, settings):
        documents.publish(session, document, now)


def visit_token(page: str) -> str:
    """The sealed visit of a landing page."""
    found = re.search(r'name="visit" value="([^"]+)"', page)
    assert found, page[:500]
    return found.group(1)


def box_values(page: str) -> dict[str, str]:
    """Name and value of each box on a page."""
    return dict(re.findall(r'type="checkbox" id="[^"]+" name="([^"]+)" value="([^"]+)"', page))


def scan(client: FlaskClient, code: str, **headers: str) -> str:
    """Open the landing of a printed code."""
    answer = client.get(f"/s/{code}", headers=headers)
    assert answer.status_code == 200
    return answer.text


def leave_phone(client: FlaskClient, page: str, phone: str = PHONE, boxes: tuple[str, ...] = ("box_card",)) -> Any:
    """Send the form of a landing page; returns the answer."""
    values = box_values(page)
    return client.post("/signup", data={"visit": visit_token(page), "phone": phone, **{b: values[b] for b in boxes}})


def type_code(client: FlaskClient, verify_url: str, code: str) -> Any:
    """Send the code form."""
    return client.post(verify_url, data={"code": code})
