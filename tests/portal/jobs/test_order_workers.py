"""Workers that die, wait or meet: every order is done, and once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from http.server import HTTPServer
from pathlib import Path

from portal.access import grants, orders
from portal.core.clock import utcnow
from portal.core.db import Database
from portal.jobs.orders import carry_out_due
from portal.venues.models import GatewayConfig
from tests.support.access import OTHER_MAC, make_grant
from tests.support.crashing_worker import started
from tests.support.fake_nas import FakeNas, fake_nas
from tests.support.house import House, build_house
from tests.support.orders import online, only_order, point, put_out, revoke
from tests.support.programs import wait_for


def test_the_running_worker_tells_the_gateway_of_a_revoked_grant(
    database: Database, database_url: str, house: House, gateway: HTTPServer, tmp_path: Path
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).base_url = f"http://127.0.0.1:{gateway.server_port}"
        grant = make_grant(session, house, utcnow())
        grants.revoke(session, grant, "guest", utcnow())
    with started(tmp_path, {"database_url": database_url}):
        wait_for(lambda: put_out(database))
    assert gateway.called == ["/put-out"]


def test_a_disconnecting_guest_is_off_within_three_seconds(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    first, second = (
        online(database, house, utcnow(), nas=nas),
        online(database, house, utcnow(), nas=nas, acct="s2", mac=OTHER_MAC),
    )
    with started(tmp_path, {"database_url": database_url}):
        revoke(database, first, utcnow())
        wait_for(lambda: put_out(database, first.id))  # the worker is up
        began = time.monotonic()
        revoke(database, second, utcnow())
        wait_for(lambda: not nas.online)
        assert time.monotonic() - began < 3
        wait_for(lambda: put_out(database, second.id))


@contextmanager
def a_dead_gateway() -> Iterator[FakeNas]:
    """It hears everything and never answers."""
    with fake_nas("n" * 32) as dead:
        dead.answers = lambda _request: None
        yield dead


def test_a_dead_gateway_holds_up_no_other(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    with database.writing() as session:
        other = build_house(session, "izbushka")
    with a_dead_gateway() as dead:
        point(database, other, "coovachilli", dead.port)
        for number in range(3):
            revoke(database, online(database, other, utcnow(), acct=f"d{number}"), utcnow())
        with started(tmp_path, {"database_url": database_url}):
            wait_for(lambda: bool(dead.received))  # the worker is in the middle of waiting for it
            revoke(database, online(database, house, utcnow(), nas=nas), utcnow())
            wait_for(lambda: not nas.online, seconds=4)
            assert len({one.raw for one in dead.received}) == 1  # asked once, not once for each of its orders


def test_a_killed_worker_loses_no_order_and_the_next_one_does_it(
    database: Database, database_url: str, house: House, nas: FakeNas, tmp_path: Path
) -> None:
    answer = threading.Event()
    nas.answers = lambda _request: 0 if answer.is_set() else None
    revoke(database, online(database, house, utcnow(), nas=nas), utcnow())
    with started(tmp_path, {"database_url": database_url}):
        wait_for(lambda: bool(nas.received))
    assert only_order(database).state == "waiting"  # kill -9 between the request and its answer
    answer.set()
    asked = len(nas.received)
    with started(tmp_path, {"database_url": database_url}, ahead=orders.LEASE):
        wait_for(lambda: only_order(database).state == "done")
    assert len(nas.received) == asked + 1


def test_two_workers_never_do_one_order_at_once(database: Database, house: House, nas: FakeNas, now: datetime) -> None:
    for number in range(8):
        revoke(database, online(database, house, now, nas=nas, acct=f"s{number}", mac=None), now)
    carry_out = [lambda: carry_out_due(database, lambda: now) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda work: work(), carry_out))
    assert sum(done) == 8 and len(nas.received) == 8 and nas.online == set()
