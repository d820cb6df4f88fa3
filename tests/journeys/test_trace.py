"""One id follows a visit through the log, whichever door it comes to."""

import re

from portal.acquisition.models import Visit
from portal.core.logging import current_trace
from tests.support.signups import World, leave_phone, scan, type_code


def test_every_door_of_a_signup_logs_under_its_visit(world: World) -> None:
    client = world.client()
    page = scan(client, world.house.source_code)
    asset = re.search(r'src="(/seen/[^"]+)"', page)
    assert asset is not None
    traces = []
    client.get(asset[1])
    traces.append(current_trace())
    location = leave_phone(client, page).location
    traces.append(current_trace())
    client.get(location)
    traces.append(current_trace())
    type_code(client, location, world.code())
    traces.append(current_trace())
    assert traces == [world.rows(Visit)[0].public_id] * 4


def test_the_next_request_of_a_thread_does_not_inherit_a_visit(world: World) -> None:
    client = world.client()
    leave_phone(client, scan(client, world.house.source_code))
    visit = current_trace()
    client.get("/healthz")
    assert current_trace() not in ("", visit)
