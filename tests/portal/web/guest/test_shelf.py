"""What a landing is made of is kept for seconds, the most recent of many places."""

import pytest
from sqlalchemy import event

from portal.web.guest import shelf
from tests.support.signups import World, scan


def test_a_full_shelf_goes_on_keeping_what_is_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST", 1)
    client, asked = world.client(), list[str]()
    client.get(f"/v/{world.house.venue_code}")
    scan(client, world.house.source_code)
    event.listen(world.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    scan(client, world.house.source_code)
    assert asked == []
