"""Signs of life of a gateway: the first time stays, writes are few, nothing is lost by a rollback."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from portal.venues import signs
from portal.venues.models import GatewaySign

MINUTE = timedelta(minutes=1)


@pytest.fixture
def writes(database):
    """How many rows this process wrote into the table."""
    counted = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda c, cursor, sql, *rest: counted.append(sql) if "gateway_sign" in sql else 0,
    )
    return counted


def note(database, house, now, sign="redirect"):
    with database.writing() as session:
        signs.note(session, house.gateway_id, sign, now)


def seen(database, house):
    with database.reading() as session:
        return {name: (row.first_at, row.last_at) for name, row in signs.seen(session, house.gateway_id).items()}


def test_the_first_time_stays_and_the_last_one_moves(database, house, now):
    note(database, house, now)
    note(database, house, now + 11 * MINUTE)
    note(database, house, now + 30 * MINUTE, "online")
    assert seen(database, house) == {
        "redirect": (now, now + 11 * MINUTE),
        "online": (now + 30 * MINUTE, now + 30 * MINUTE),
    }


def test_it_is_written_once_in_ten_minutes(database, house, now, writes):
    for seconds in range(0, 599, 7):
        note(database, house, now + timedelta(seconds=seconds))
    assert len(writes) == 1
    with database.reading() as session:
        assert not signs.is_due(session, house.gateway_id, "redirect", now + 9 * MINUTE)
        assert signs.is_due(session, house.gateway_id, "redirect", now + 10 * MINUTE)
        assert signs.is_due(session, house.gateway_id, "radius", now)


def test_what_is_rolled_back_is_written_by_the_next(database, house, now):
    with pytest.raises(ZeroDivisionError), database.writing() as session:
        signs.note(session, house.gateway_id, "redirect", now)
        raise ZeroDivisionError
    assert seen(database, house) == {}
    note(database, house, now + MINUTE)
    assert seen(database, house) == {"redirect": (now + MINUTE, now + MINUTE)}


def test_a_late_report_moves_nothing_back(database, house, now):
    with database.writing() as session:
        session.add(GatewaySign(gateway_id=house.gateway_id, sign="accounting", first_at=now, last_at=now + 30 * MINUTE))
    note(database, house, now + 5 * MINUTE, "accounting")
    assert seen(database, house)["accounting"] == (now, now + 30 * MINUTE)
