from datetime import datetime, timedelta

from portal.cards import read
from portal.cards.models import Card
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.core.tokens import random_id
from tests.support.house import House
from tests.support.persons import Person, publish, sign_up


def person(database: Database, house: House, settings: Settings, now: datetime) -> Person:
    with database.writing() as session:
        publish(session, settings, house, now)
        return sign_up(session, settings, house, Phone("+79161234567"), now)


def test_a_card_is_found_by_its_link_its_id_and_its_guest_until_it_is_retired(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    anna = person(database, house, settings, now)
    assert anna.guest_id is not None
    with database.writing() as session:
        card = read.by_token(session, str(anna.card_token))
        assert card is not None and card.guest_id == anna.guest_id and card.visit_id == anna.visit_id
        assert read.by_id(session, card.id) is card is read.of_guest(session, anna.guest_id)
        assert read.by_token(session, random_id()) is None
        card.retired_at = now
    with database.reading() as session:
        found = read.by_token(session, str(anna.card_token)), read.by_id(session, card.id), read.of_guest(session, anna.guest_id)
    assert found == (None, None, None)


def test_a_second_look_within_a_day_writes_nothing(database: Database, house: House, settings: Settings, now: datetime) -> None:
    anna = person(database, house, settings, now)
    for hours, expected in ((23, now), (24, now + timedelta(hours=24))):
        with database.writing() as session:
            card = read.by_token(session, str(anna.card_token))
            assert card is not None
            read.touch(card, now + timedelta(hours=hours))
        with database.reading() as session:
            assert session.get_one(Card, card.id).used_at == expected
