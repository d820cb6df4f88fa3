"""A18: whether a number is known cannot be learned: same status, same page, same statements, same SMS."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from portal.core.db import Database
from portal.guests.models import Guest
from tests.support.signups import World, leave_phone, scan, type_code

KNOWN, UNKNOWN = ("8 903 123-45-67", "+79031234567"), ("8 905 999-45-67", "+79059994567")


@pytest.fixture
def met(world: World) -> World:
    """A world that knows one of the two numbers: its owner has a card."""
    client = world.client()
    answer = leave_phone(client, scan(client, world.house.source_code), KNOWN[0])
    assert type_code(client, answer.location, world.code(KNOWN[1])).status_code == 303
    world.later(days=1)
    assert len(world.rows(Guest)) == 1
    return world


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The text of every statement that is sent to the database."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def shape(answer: Any) -> tuple[Any, ...]:
    """An answer without what is random in every answer."""
    headers = {name: value for name, value in answer.headers if name not in ("Set-Cookie", "Location", "Content-Length")}
    return answer.status_code, re.sub(r"/\w+/[A-Za-z0-9_-]{40,}", "/~", answer.text), headers, (answer.location or "")[:8]


def signup(world: World, phone: str, e164: str) -> list[Any]:
    """Form, code page and a wrong code of one number; answers and statements of each."""
    client = world.client()
    page = scan(client, world.house.source_code)
    seen = []
    with statements(world.database) as sent:
        form = leave_phone(client, page, phone)
        seen.append((shape(form), list(sent)))
        sent.clear()
        seen.append((shape(client.get(form.location)), list(sent)))
        sent.clear()
        wrong = f"{(int(world.code(e164)) + 1) % 10**6:06d}"
        sent.clear()
        seen.append((shape(type_code(client, form.location, wrong)), list(sent)))
    assert [len(told) > 0 for _, told in seen] == [True, True, True]
    return seen


def ask_for_own(world: World, phone: str) -> list[Any]:
    """The same at /me."""
    client = world.client()
    token = re.search(r'name="form" value="([^"]+)"', client.get(f"/me/{world.house.venue_code}").text)
    assert token is not None
    with statements(world.database) as sent:
        form = client.post(f"/me/{world.house.venue_code}", data={"phone": phone, "form": token[1]})
        return [shape(form), shape(client.get(form.location)), list(sent)]


def test_a18_a_known_number_goes_the_way_of_an_unknown_one(met: World) -> None:
    signup(met, "8 905 888-45-67", "+79058884567")  # whatever is read once and kept is read now
    before = len(met.delivered)
    known, unknown = signup(met, *KNOWN), signup(met, *UNKNOWN)
    for (answer, told), (other_answer, other_told) in zip(known, unknown, strict=True):
        assert answer == other_answer
        assert told == other_told
    assert len(met.delivered) - before == 2


def test_a18_asking_for_ones_own_data_tells_nobody_apart(met: World) -> None:
    ask_for_own(met, "8 905 888-45-67")
    assert ask_for_own(met, KNOWN[0]) == ask_for_own(met, UNKNOWN[0])


def test_a18_a_full_limit_of_a_known_number_reads_like_that_of_an_unknown_one(met: World) -> None:
    def last(phone: str) -> tuple[Any, ...]:
        for _ in range(met.settings.limit_number_day + 1):
            client = met.client()
            client.environ_base["REMOTE_ADDR"] = f"203.0.113.{len(met.delivered) % 250}"
            answer = leave_phone(client, scan(client, met.house.source_code), phone)
            met.later(minutes=1)
        assert answer.status_code == 429
        return shape(answer)

    blank = [re.sub(r'value="[^"]*"|\d', "", str(last(phone))) for phone, _ in (KNOWN, UNKNOWN)]
    assert blank[0] == blank[1]
