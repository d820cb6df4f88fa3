"""Notes on the graph."""

from datetime import date, timedelta

import pytest

from portal.core.errors import PortalError
from portal.reporting import annotations
from portal.venues.models import Venue
from tests.support.house import build_house

DAY = date(2026, 11, 20)


def test_a_note_stands_on_its_day_until_it_is_taken_away(database, house, now):
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        note = annotations.add(session, venue, DAY, "  Новое\nменю \u202e", "Анна", now)
        annotations.add(session, venue, DAY - timedelta(days=40), "Давно", "Анна", now)
        public_id = note.public_id
        assert (note.text, note.organization_id) == ("Новое меню", house.organization_id)
    with database.reading() as session:
        assert [one.text for one in annotations.between(session, house.venue_id, DAY - timedelta(days=6), DAY)] == ["Новое меню"]
    with database.writing() as session:
        assert annotations.remove(session, house.venue_id, public_id) is not None
        assert annotations.remove(session, house.venue_id, public_id) is None
        assert annotations.between(session, house.venue_id, DAY, DAY) == []


def test_a_note_of_another_venue_cannot_be_taken_away(database, house, now):
    with database.writing() as session:
        other = build_house(session, "blinnaya")
        note = annotations.add(session, session.get(Venue, other.venue_id), DAY, "Их", "Пётр", now)
        assert annotations.remove(session, house.venue_id, note.public_id) is None
        assert len(annotations.between(session, other.venue_id, DAY, DAY)) == 1


def test_nothing_readable_is_no_note(database, house, now):
    with database.writing() as session, pytest.raises(PortalError, match="bad_note"):
        annotations.add(session, session.get(Venue, house.venue_id), DAY, " \x00\u200b ", "Анна", now)


def test_the_latest_notes_win_where_there_are_too_many(database, house, now):
    with database.writing() as session:
        venue = session.get(Venue, house.venue_id)
        for back in range(annotations.MOST_SHOWN + 5):
            annotations.add(session, venue, DAY - timedelta(days=back), f"{back}", "Анна", now)
        shown = annotations.between(session, house.venue_id, DAY - timedelta(days=99), DAY)
    assert [note.text for note in shown] == [str(back) for back in range(annotations.MOST_SHOWN)][::-1]
