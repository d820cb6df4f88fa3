"""Orders that stand in the grant's own transaction: for whom, for which gateway, how long, and nothing for all others."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from portal.access import grants, orders
from portal.access.models import AccessGrant, GatewayOrder
from portal.core.db import Database
from portal.core.mac import Mac
from portal.signup import opening
from portal.venues import directory, setup
from portal.venues.models import GatewayConfig
from tests.support.house import House

ARRIVAL = {"w": 1, "x": {"ap": "942a6fd03057"}}


@pytest.fixture
def grant(database: Database, house: House, now: datetime) -> AccessGrant:
    """A grant at a gateway that the worker opens."""
    with database.writing() as session:
        config = session.get_one(GatewayConfig, house.gateway_id)
        config.kind, config.base_url, config.secret = "unifi", "https://10.0.0.2", "owner-password-0001"
        config.options = {"api": "classic", "user": "vestibule"}
        venue = directory.venue_by_id(session, house.venue_id)
        return grants.issue(
            session, venue=venue, policy=directory.policy_of(session, venue.id), visit_id="v" * 22, mac=Mac("02aabbccdd01"),
            gateway_id=house.gateway_id, now=now,
        )  # fmt: skip


def order(database: Database, grant: AccessGrant, now: datetime, arrival: dict[str, Any] = ARRIVAL) -> int | None:
    with database.writing() as session:
        return opening.order_opening(session, grant, arrival, now)


def rows(database: Database) -> list[GatewayOrder]:
    with database.reading() as session:
        return session.query(GatewayOrder).order_by(GatewayOrder.id).all()


def state(database: Database, grant: AccessGrant, now: datetime) -> str:
    with database.reading() as session:
        return opening.state_of(session, grant, now)


def test_a_browsers_gateway_costs_no_statement(database: Database, grant: AccessGrant, now: datetime) -> None:
    said: list[str] = []
    with database.writing() as session:
        event.listen(session.get_bind(), "before_cursor_execute", lambda *args: said.append(args[2]))
        assert opening.order_opening(session, grant, {"kind": "simulator", "vouched": True}, now) is None
        assert opening.reopen(session, grant, {"kind": "simulator"}, now) is None
    assert [statement for statement in said if "gateway" in statement] == []
    assert state(database, grant, now) == ""


def test_the_order_says_what_the_gateway_needs_and_holds_for_a_minute(
    database: Database, grant: AccessGrant, now: datetime
) -> None:
    order(database, grant, now)
    (row,) = rows(database)
    facts = {"mac": "02:aa:bb:cc:dd:01", "minutes": 240, "up": 4000, "down": 8000, "ap": "94:2a:6f:d0:30:57"}
    assert json.loads(row.entry) == facts and (row.next_at, row.expires_at) == (now, now + timedelta(seconds=60))
    assert grant.password not in row.entry and grant.user_name not in row.entry
    assert state(database, grant, now) == "waiting" and state(database, grant, row.expires_at) == "failed"


def test_a_grant_that_is_rolled_back_leaves_no_order(database: Database, grant: AccessGrant, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.writing() as session:
        opening.order_opening(session, grant, ARRIVAL, now)
        raise RuntimeError
    assert rows(database) == []


def test_a_guest_who_walked_over_to_another_gateway_of_the_venue_is_let_in_there(
    database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    with database.writing() as session:
        venue = directory.venue_by_id(session, house.venue_id)
        terrace = setup.add_gateway(
            session, venue, "unifi", "https://10.0.0.3", now, {"api": "classic", "user": "u", "site": "terrace"}
        ).id
    order(database, grant, now, {**ARRIVAL, "gateway_id": terrace})
    assert [row.gateway_id for row in rows(database)] == [terrace]
    order(database, grant, now, {**ARRIVAL, "gateway_id": house.gateway_id})
    assert [row.gateway_id for row in rows(database)] == [house.gateway_id]


def test_another_venues_gateway_is_not_opened_whatever_the_arrival_says(
    database: Database, house: House, grant: AccessGrant, now: datetime
) -> None:
    from tests.support.house import build_house

    with database.writing() as session:
        foreign = build_house(session, "izbushka").gateway_id
        own, other = session.get_one(GatewayConfig, house.gateway_id), session.get_one(GatewayConfig, foreign)
        other.kind, other.base_url, other.options = own.kind, own.base_url, own.options
    assert order(database, grant, now, {**ARRIVAL, "gateway_id": foreign}) is None and rows(database) == []


@pytest.mark.parametrize(("settled", "shown"), [("done", "done"), ("failed", "failed"), ("expired", "failed")])
def test_how_far_it_is_is_what_the_newest_order_came_to(
    database: Database, grant: AccessGrant, now: datetime, settled: orders.State, shown: str
) -> None:
    number = order(database, grant, now)
    assert number is not None
    with database.writing() as session:
        orders.settle(session, [number], settled, "x", now)
    assert state(database, grant, now) == shown
    order(database, grant, now)
    assert state(database, grant, now) == "waiting" and len(rows(database)) == 2


def test_a_device_that_is_shut_out_is_ordered_in_again_at_most_three_times_a_minute(
    database: Database, grant: AccessGrant, now: datetime
) -> None:
    for second in range(61):
        moment = now + timedelta(seconds=second)
        with database.writing() as session:
            number = opening.reopen(session, grant, ARRIVAL, moment)
            if number is not None:
                orders.settle(session, [number], "failed", "wrong user or password", moment)
    assert [(row.created_at - now).total_seconds() for row in rows(database)] == [0, 20, 40, 60]
