from datetime import datetime

import pytest

from portal.core.config import Settings
from portal.core.db import Database
from tests.support.house import House
from tests.support.persons import ANNA, BORIS, Person, publish, sign_up


@pytest.fixture
def people(database: Database, house: House, settings: Settings, now: datetime) -> tuple[Person, Person]:
    """Anna has a card and reads adverts, Boris has a card."""
    with database.writing() as session:
        publish(session, settings, house, now)
        anna = sign_up(session, settings, house, ANNA, now, mac="020000000001", purposes=("card", "advertising_sms"))
        return anna, sign_up(session, settings, house, BORIS, now, mac="020000000002")
