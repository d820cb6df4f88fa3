from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.core.db import Database
from portal.core.phone import Phone
from portal.guests.members import find_or_make, touch_device, wanted
from portal.guests.models import Device
from portal.venues.models import Venue
from tests.support.house import House, build_house

PHONE = Phone("+79161234567")


def make(database: Database, house: House, now: datetime, **facts: object) -> tuple[Any, bool]:
    values: dict = {"first_source_id": house.source_id, "language": "ru", "answers": {}, "now": now, **facts}
    with database.writing() as session:
        return find_or_make(session, wanted(session.get_one(Venue, house.venue_id), PHONE, **values))


def test_a_returning_guest_is_found_and_keeps_the_first_source(database: Database, house: House, now: datetime) -> None:
    first, is_new = make(database, house, now)
    later = now + timedelta(days=3)
    again, is_new_again = make(database, house, later, first_source_id=None, language="en")
    assert (is_new, is_new_again) == (True, False)
    assert (again.id, again.public_id) == (first.id, first.public_id)
    assert (again.first_source_id, again.language) == (house.source_id, "en")
    assert (again.created_at, again.last_seen_at) == (now, later)


def test_answers_fill_and_change_the_profile_and_empty_ones_do_not(database: Database, house: House, now: datetime) -> None:
    make(database, house, now, answers={"name": "Анна", "birthday": "1990-02-28", "city": ""})
    guest, _ = make(database, house, now, answers={"name": "", "city": "Москва", "email": "a@example.ru"})
    assert (guest.name, guest.birthday, guest.city, guest.email) == ("Анна", date(1990, 2, 28), "Москва", "a@example.ru")
    guest, _ = make(database, house, now, answers={"name": "Аня", "birthday": date(1991, 3, 1)})
    assert (guest.name, guest.birthday, guest.city) == ("Аня", date(1991, 3, 1), "Москва")


def test_a_birthday_in_another_form_is_refused(database: Database, house: House, now: datetime) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        make(database, house, now, answers={"birthday": "28.02.1990"})


def test_the_same_phone_is_another_guest_of_another_legal_entity(database: Database, house: House, now: datetime) -> None:
    with database.writing() as session:
        other = build_house(session, "pyshka")
    first, _ = make(database, house, now)
    second, is_new = make(database, other, now)
    assert is_new and second.id != first.id and second.legal_entity_id == other.legal_entity_id


def test_twenty_parallel_completions_make_one_guest(database: Database, house: House, now: datetime) -> None:
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: make(database, house, now), range(20)))
    assert sum(is_new for _, is_new in made) == 1
    assert len({guest.id for guest, _ in made}) == 1


def test_a_device_is_one_row_and_remembers_its_last_use(database: Database, house: House, now: datetime) -> None:
    guest, _ = make(database, house, now)
    later = now + timedelta(hours=5)
    with database.writing() as session:
        touch_device(session, guest, "a" * 32, "android", now)
        touch_device(session, guest, "a" * 32, "", later)
        touch_device(session, guest, "b" * 32, "ios", later)
    with database.reading() as session:
        device = session.scalars(select(Device).where(Device.device_hash == "a" * 32)).one()
        assert (device.first_seen_at, device.last_seen_at, device.family) == (now, later, "android")
        assert session.scalar(select(func.count()).select_from(Device)) == 2
