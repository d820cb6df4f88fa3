from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from portal.cards import issue as issuing
from portal.cards import read
from portal.cards.issue import Issued, NoCardNumber, issue
from portal.cards.models import Card
from portal.cards.numbers import is_valid
from portal.core.clock import months_before
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import Phone
from portal.guests.members import find_or_make, wanted
from portal.venues.models import LegalEntity, Venue
from tests.support.house import House

PHONE = Phone("+79161234567")


def give(database: Database, house: House, settings: Settings, now: datetime, phone: Phone = PHONE) -> Issued:
    with database.writing() as session:
        venue = session.get_one(Venue, house.venue_id)
        guest, _ = find_or_make(session, wanted(venue, phone, first_source_id=None, language="ru", answers={}, now=now))
        return issue(session, guest.id, venue, None, now, settings)


def show(database: Database, token: str, at: datetime) -> None:
    with database.writing() as session:
        card = read.by_token(session, token)
        assert card is not None
        read.touch(card, at)


def card_of(database: Database, number: str) -> Card:
    with database.reading() as session:
        return session.scalars(select(Card).where(Card.number == number)).one()


def test_a_returning_guest_gets_the_same_card(database: Database, house: House, settings: Settings, now: datetime) -> None:
    card = give(database, house, settings, now)
    later = now + timedelta(days=300)
    again = give(database, house, settings, later)
    assert (card.is_new, again.is_new) == (True, False)
    assert (again.id, again.number, again.token) == (card.id, card.number, card.token)
    assert card_of(database, card.number).used_at == later
    assert card.number.startswith("20") and len(card.number) == 13 and is_valid(card.number)
    assert len(card.token) == 22


def test_a_number_silent_for_a_year_gets_a_new_card_and_the_old_link_dies(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    card = give(database, house, settings, now)
    last_day = now.replace(year=now.year + 1)
    new = give(database, house, settings, last_day + timedelta(seconds=1))
    assert new.is_new and new.number != card.number and new.token != card.token
    with database.reading() as session:
        assert read.by_token(session, card.token) is None
        assert read.by_token(session, new.token) is not None
        live = read.of_guest(session, session.get_one(Card, card.id).guest_id)
        assert live is not None and live.id == new.id


def test_on_the_last_day_of_the_term_the_card_is_still_the_same(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    card = give(database, house, settings, now)
    again = give(database, house, settings, now.replace(year=now.year + 1))
    assert not again.is_new and again.id == card.id


def test_opening_the_old_link_keeps_the_old_card_and_another_link_does_not(
    database: Database, house: House, settings: Settings, now: datetime
) -> None:
    card = give(database, house, settings, now)
    stranger = give(database, house, settings, now, Phone("+79167654321"))
    show(database, card.token, now + timedelta(days=300))
    kept = give(database, house, settings, now + timedelta(days=500))
    assert not kept.is_new and kept.id == card.id
    show(database, stranger.token, now + timedelta(days=800))
    assert give(database, house, settings, now + timedelta(days=1000)).is_new


def test_twenty_parallel_completions_make_one_card(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with ThreadPoolExecutor(10) as pool:
        cards = list(pool.map(lambda _: give(database, house, settings, now), range(20)))
    assert sum(card.is_new for card in cards) == 1
    assert len({card.number for card in cards}) == 1


def test_a_taken_number_is_tried_again_and_a_full_range_is_refused(
    database: Database, house: House, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ["2000000000002", "2000000000002", "2000000000010"]
    monkeypatch.setattr(issuing, "new_number", lambda *_: numbers.pop(0) if len(numbers) > 1 else numbers[0])
    assert give(database, house, settings, now).number == "2000000000002"
    assert give(database, house, settings, now, Phone("+79167654321")).number == "2000000000010"
    with pytest.raises(NoCardNumber):
        give(database, house, settings, now, Phone("+79167654322"))


def test_the_range_is_the_legal_entitys(database: Database, house: House, settings: Settings, now: datetime) -> None:
    with database.writing() as session:
        session.execute(update(LegalEntity).values(card_prefix="2999", card_digits=16))
    card = give(database, house, settings, now)
    assert card.number.startswith("2999") and len(card.number) == 16


def test_months_are_counted_by_the_calendar(now: datetime) -> None:
    assert months_before(now.replace(month=3, day=31), 1) == now.replace(month=2, day=28)
    assert months_before(now.replace(month=1, day=15), 1) == now.replace(year=now.year - 1, month=12, day=15)
    assert months_before(now, 24) == now.replace(year=now.year - 2)


def test_one_guest_holds_one_live_card(database: Database, house: House, settings: Settings, now: datetime) -> None:
    for days in (0, 400, 800):
        give(database, house, settings, now + timedelta(days=days))
    with database.reading() as session:
        live = select(func.count()).select_from(Card).where(Card.retired_at.is_(None))
        assert session.scalar(live) == 1
        assert session.scalar(select(func.count()).select_from(Card)) == 3
