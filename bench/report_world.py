"""A year of visits to twenty cafés by twelve channels each, written in bulk: every constraint, trigger and index in force."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import func, select

from portal.acquisition import sources
from portal.acquisition.models import SOURCE_KINDS, Visit
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.migrations import migrate
from portal.venues import setup

VENUES, CHANNELS, DAYS = 20, 12, 365
_ZONES = ("Europe/Moscow", "Europe/Kaliningrad", "Asia/Yekaterinburg", "Europe/Samara")
_CHUNK = 50_000
COLUMNS = (
    "organization_id", "venue_id", "public_id", "source_id", "entry", "visitor_class", "bot_reason", "device_hash", "came_before",
    "device_family", "language", "utm_cut", "arrived_at", "seen_at", "phone_at", "code_sent_at", "code_delivered_at",
    "verified_at", "card_at", "card_saved_at", "online_at", "sms_kopecks", "synthetic",
)  # fmt: skip
_HOURS = (0, 0, 0, 0, 0, 0, 0, 1, 4, 6, 6, 8, 14, 14, 8, 6, 6, 8, 13, 14, 12, 8, 4, 1)
_SECONDS = tuple(f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400))


@dataclass(frozen=True)
class Year:
    """The cafés: organization, (venue id, source ids), and the moment at which their year ends."""

    database: Database
    organization_id: int
    places: tuple[tuple[int, tuple[int, ...]], ...]
    now: datetime


def build(settings: Settings, visits: int, now: datetime) -> Year:
    """A migrated database with that many visits."""
    database = Database(settings.url_of_database)
    migrate(database.engine)
    with database.writing() as session:
        organization = setup.create_organization(session, "Bench", now)
        places = tuple(_place(session, settings, organization, number, now) for number in range(VENUES))
        year = Year(database, organization.id, places, now)
    write = _into_sqlite if database.is_sqlite else _into_postgresql
    write(year, rows(year, visits))
    with database.reading() as session:
        assert session.scalar(select(func.count(Visit.id))) == visits
    return year


def rows(year: Year, visits: int) -> Iterator[tuple[Any, ...]]:
    """Visits in the order of their arrival; times as SQLite stores them."""
    chance = random.Random(visits)
    begins = year.now - timedelta(days=DAYS - 1)
    days = [(begins + timedelta(days=number)).date() for number in range(DAYS + 9)]
    texts, midnight = [day.isoformat() for day in days], datetime.combine(days[0], datetime.min.time(), UTC)
    ends = (year.now - midnight) // timedelta(seconds=1)
    hours = chance.choices(range(24), _HOURS, k=997)
    for number in range(visits):
        day = number * DAYS // visits
        second = day * 86_400 + hours[number * 7 % 997] * 3600 + int(chance.random() * 3600)
        if second >= ends:  # of today there is so far only the morning; the rest came yesterday
            second -= 86_400
        yield _row(year, chance, number, second, texts)


def _row(year: Year, chance: random.Random, number: int, arrived: int, texts: list[str]) -> tuple[Any, ...]:
    luck = chance.random()
    venue_id, source_ids = year.places[int(chance.random() * VENUES)]
    place = int(luck * 997) % (CHANNELS + 1)
    wifi = place == 0

    def at(second: float) -> str:
        whole = int(second)
        return f"{texts[whole // 86_400]} {_SECONDS[whole % 86_400]}.{int(second % 1 * 1_000_000):06}"

    visitor_class = "guest" if luck < 0.88 else "bot" if luck < 0.93 else "remembered"
    times: list[str | None] = [None] * 8
    times[0] = at(arrived)
    if visitor_class == "guest" and chance.random() < 0.25 + place * 0.03:
        typed = arrived + chance.expovariate(1 / 15)
        times[1] = at(typed)
        if chance.random() < 0.88:
            proven = typed + 4 + chance.expovariate(1 / 18)
            times[2], times[3], times[4] = at(typed + 1.2), at(typed + 3.7), at(proven)
            times[5] = at(proven) if chance.random() < 0.8 else None
            times[6] = at(proven + chance.expovariate(1 / 25)) if times[5] and chance.random() < 0.35 else None
            times[7] = at(proven + 3) if wifi else None
    elif visitor_class == "remembered":
        times[7] = at(arrived + 2)
    return (
        year.organization_id, venue_id, f"{number:022x}", source_ids[place - 1] if place else None, "wifi" if wifi else "qr",
        visitor_class, "Googlebot" if visitor_class == "bot" else None, f"{number * 2654435761 % 2**128:032x}",
        int(number % 3 == 0), "iphone" if number % 2 else "android", "en" if number % 12 == 0 else "ru", 0, at(arrived), *times,
        549 if times[1] else 0, 0,
    )  # fmt: skip


def _into_sqlite(year: Year, made: Iterator[tuple[Any, ...]]) -> None:
    insert = f"INSERT INTO visit ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"
    with closing(sqlite3.connect(str(year.database.engine.url.database), isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-200000")
        while chunk := list(islice(made, _CHUNK)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, chunk)
            connection.execute("COMMIT")
        connection.execute("ANALYZE")


def _into_postgresql(year: Year, made: Iterator[tuple[Any, ...]]) -> None:
    times, flags = slice(COLUMNS.index("arrived_at"), COLUMNS.index("online_at") + 1), ("came_before", "utm_cut", "synthetic")
    places = [COLUMNS.index(name) for name in flags]
    url = year.database.engine.url
    with psycopg.connect(host=url.query["host"], user=url.username, dbname=url.database, autocommit=True) as connection:
        while chunk := list(islice(made, _CHUNK)):
            with connection.cursor() as cursor, cursor.copy(f"COPY visit ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                for row in chunk:
                    cells = list(row)
                    cells[times] = [one and f"{one}+00" for one in row[times]]
                    for place in places:
                        cells[place] = "t" if row[place] else "f"
                    copy.write("\t".join("\\N" if cell is None else str(cell) for cell in cells) + "\n")
        connection.execute("VACUUM ANALYZE visit")


def _place(session: Any, settings: Settings, organization: Any, number: int, now: datetime) -> tuple[int, tuple[int, ...]]:
    entity = setup.create_legal_entity(
        session, organization, now, name=f"ООО «Кафе {number}»", inn="7701234567", ogrn="1027700132195",
        address="Москва, Тверская, 1", contact_email="privacy@cafe.example", rkn_notification="77-22-000001",
        processors="ООО «СМС АЭРО», Москва",
    )  # fmt: skip
    zone = _ZONES[number % len(_ZONES)]
    venue = setup.create_venue(
        session, entity, f"cafe-{number}", f"Кафе {number}", zone, now, city="Москва", address="Москва, Тверская, 1", live=True
    )
    kinds = [kind for kind in SOURCE_KINDS if kind != "wifi"]
    made = [sources.create(session, venue, kinds[place % len(kinds)], f"Канал {place}", now).id for place in range(CHANNELS)]
    return venue.id, tuple(made)
