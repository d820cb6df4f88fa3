"""Visits: idempotent, continued for 30 minutes, a time per step set once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from portal.acquisition import visits
from portal.acquisition.entry import Entry, new_entry
from portal.acquisition.models import Visit
from portal.acquisition.visits import Client
from portal.core.db import Database
from tests.support.house import NOW, House

CLIENT = Client("203.0.113.7", "Mozilla/5.0 (iPhone)", "d" * 32, "iphone", None)
LATER = NOW + timedelta(seconds=40)


def an_entry(house: House, at: datetime = NOW, source_id: int | None = -1) -> Entry:
    return new_entry(house.venue_id, house.source_id if source_id == -1 else source_id, "qr", "ru", at)


def record(database: Database, entry: Entry, client: Client = CLIENT, at: datetime = NOW, seen: bool = True) -> Visit:
    with database.writing() as session:
        return visits.continue_or_record(session, entry, client, at, seen=seen)


def how_many(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Visit)) or 0


def reload(database: Database, public_id: str) -> Visit:
    with database.reading() as session:
        return session.scalars(select(Visit).where(Visit.public_id == public_id)).one()


def test_a_seen_page_becomes_one_whole_row(database: Database, house: House) -> None:
    entry = replace(an_entry(house), utm_raw="utm_source=Table", utm_cut=True)
    visit = record(database, entry)
    stored = reload(database, entry.visit_id)
    assert stored.id == visit.id
    assert (stored.organization_id, stored.venue_id, stored.source_id) == (house.organization_id, house.venue_id, house.source_id)
    assert (stored.arrived_at, stored.seen_at) == (NOW, NOW)
    assert (stored.ip, stored.user_agent, stored.device_family, stored.language) == (CLIENT.ip, CLIENT.user_agent, "iphone", "ru")
    assert (stored.utm_raw, stored.utm_cut, stored.visitor_class, stored.synthetic) == ("utm_source=Table", True, "guest", False)
    assert stored.phone_at is None


def test_the_same_page_twice_is_one_visit_and_keeps_the_first_time(database: Database, house: House) -> None:
    entry = an_entry(house)
    first = record(database, entry)
    again = record(database, entry, at=LATER)
    assert again.id == first.id
    assert how_many(database) == 1
    assert reload(database, entry.visit_id).seen_at == NOW


def test_a_page_submitted_before_its_asset_came_is_seen_afterwards(database: Database, house: House) -> None:
    entry = an_entry(house)
    assert record(database, entry, seen=False).seen_at is None
    record(database, entry, at=LATER, seen=True)
    assert reload(database, entry.visit_id).seen_at == LATER


@pytest.mark.parametrize(
    ("gap", "same"),
    [(timedelta(minutes=30), True), (timedelta(minutes=30, microseconds=1), False), (timedelta(seconds=5), True)],
)
def test_the_same_device_at_the_same_source_continues_within_thirty_minutes(
    database: Database, house: House, gap: timedelta, same: bool
) -> None:
    first = record(database, an_entry(house))
    second = record(database, an_entry(house, NOW + gap), at=NOW + gap)
    assert (second.id == first.id) is same
    assert how_many(database) == (1 if same else 2)


def test_a_form_sent_late_still_belongs_to_the_visit_that_its_page_continued(database: Database, house: House) -> None:
    first = record(database, an_entry(house))
    reopened = an_entry(house, NOW + timedelta(minutes=20))
    record(database, reopened, at=NOW + timedelta(minutes=20))
    submitted = record(database, reopened, at=NOW + timedelta(hours=2), seen=False)
    assert submitted.id == first.id


def test_no_source_continues_no_source_only(database: Database, house: House) -> None:
    other = record(database, an_entry(house, source_id=None))
    assert record(database, an_entry(house, source_id=None)).id == other.id
    assert record(database, an_entry(house)).id != other.id


@pytest.mark.parametrize("client", [replace(CLIENT, device_hash=None), replace(CLIENT, device_hash="e" * 32)])
def test_an_unknown_or_another_device_is_another_visit(database: Database, house: House, client: Client) -> None:
    first = record(database, an_entry(house), CLIENT)
    assert record(database, an_entry(house), client).id != first.id


def test_two_people_without_a_device_behind_one_address_stay_two(database: Database, house: House) -> None:
    nameless = replace(CLIENT, device_hash=None)
    assert record(database, an_entry(house), nameless).id != record(database, an_entry(house), nameless).id


def test_a_bot_that_loads_the_page_is_kept_apart(database: Database, house: House) -> None:
    bot = record(database, an_entry(house), replace(CLIENT, bot_reason="Googlebot"))
    assert (bot.visitor_class, bot.bot_reason) == ("bot", "Googlebot")
    assert record(database, an_entry(house)).visitor_class == "guest"


def test_steps_are_set_once_and_in_their_order(database: Database, house: House) -> None:
    public_id = record(database, an_entry(house)).public_id
    with database.writing() as session:
        assert not visits.mark(session, public_id, "online_at", NOW)
        assert not visits.mark(session, public_id, "verified_at", NOW)
        assert visits.mark(session, public_id, "phone_at", NOW)
        assert not visits.mark(session, public_id, "phone_at", LATER)
        assert visits.mark(session, public_id, "verified_at", LATER)
        assert visits.mark(session, public_id, "online_at", LATER)
        assert not visits.mark(session, public_id, "card_saved_at", LATER)
        with pytest.raises(ValueError, match="not a step"):
            visits.mark(session, public_id, "ip", NOW)
    visit = reload(database, public_id)
    assert (visit.phone_at, visit.verified_at, visit.online_at, visit.card_saved_at) == (NOW, LATER, LATER, None)


def test_completing_twice_keeps_the_first_story(database: Database, house: House) -> None:
    public_id = record(database, an_entry(house)).public_id
    with database.writing() as session:
        visits.complete(session, public_id, guest_id=None, is_returning=False, verified_at=NOW, card_at=None)
        visits.complete(session, public_id, guest_id=None, is_returning=True, verified_at=LATER, card_at=LATER)
    visit = reload(database, public_id)
    assert (visit.phone_at, visit.verified_at, visit.card_at, visit.is_returning) == (NOW, NOW, LATER, False)


def test_a_voucher_stands_beside_the_visit_that_did_not_convert(database: Database, house: House) -> None:
    entry = an_entry(house)
    guest = record(database, entry)
    with database.writing() as session:
        apart = visits.record_apart(session, entry, CLIENT, "voucher")
        again = visits.record_apart(session, entry, CLIENT, "voucher")
        assert visits.mark(session, apart.public_id, "online_at", NOW)
    assert apart.id == again.id != guest.id
    assert reload(database, guest.public_id).online_at is None
    assert reload(database, apart.public_id).visitor_class == "voucher"


@pytest.mark.parametrize(("known", "most"), [(False, 2), (True, 1)])
def test_a_landing_costs_at_most_two_statements(database: Database, house: House, known: bool, most: int) -> None:
    entry = an_entry(house)
    if known:
        record(database, entry)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    record(database, entry)
    assert 0 < len([s for s in statements if not s.startswith("BEGIN")]) <= most


def test_twenty_requests_of_one_page_at_once_make_one_visit(database: Database, house: House) -> None:
    entry = an_entry(house)
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda number: record(database, entry, seen=bool(number % 2)).id, range(20)))
    assert len(set(made)) == how_many(database) == 1
    assert reload(database, entry.visit_id).seen_at == NOW


def test_a_time_without_zone_is_refused(database: Database, house: House) -> None:
    with pytest.raises(Exception, match="naive time"):
        record(database, an_entry(house), at=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
