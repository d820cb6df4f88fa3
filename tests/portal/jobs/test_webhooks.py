"""New members are told to the outside: each at least once under one id, signed, without a phone unless both agree to it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.consent import records
from portal.core.phone import phone_from_e164
from portal.guests.models import Guest
from portal.jobs import webhooks
from portal.jobs.house import House as Worker
from portal.privacy import erasure
from portal.reporting import alerts
from portal.reporting.models import Alert
from portal.venues.models import Venue
from portal.webhooks import endpoints
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.support.house import NOW, build_house
from tests.support.members import join, plain_guest, worker_of
from tests.support.signups import World
from tests.support.webhook_receiver import Receiver

PHONE = "+79031234567"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def worker(world: World) -> Worker:
    return worker_of(world.settings, world.database, lambda: world.now)


def endpoint_for(world: World, url: str, *, with_phone: bool = False, venue_ids: tuple[int, ...] = ()) -> str:
    """An endpoint; returns its secret."""
    with world.database.writing() as session:
        row = endpoints.add(session, world.house.organization_id, url, venue_ids, with_phone, world.now, demo=True)
        return row.secret


def delivery(world: World) -> WebhookDelivery:
    return world.rows(WebhookDelivery)[0]


def test_a_new_member_is_told_of_once_and_signed(world: World, worker: Worker, receiver: Receiver) -> None:
    secret = endpoint_for(world, receiver.url)
    guest_id = join(world)
    assert webhooks.carry_out_due(worker) == 1
    assert webhooks.carry_out_due(worker) == 0
    (taken,) = receiver.taken
    assert taken.is_signed_with(secret)
    assert taken.path == "/hooks?from=vestibule"
    assert int(taken.headers["webhook-timestamp"]) == int(world.now.timestamp())
    assert taken.headers["webhook-id"] == delivery(world).public_id
    with world.database.reading() as session:
        guest = session.get_one(Guest, guest_id)
    assert taken.json["type"] == "member.created"
    data = taken.json["data"]
    assert (data["id"], data["created_at"]) == (guest.public_id, "2026-11-22T09:00:00Z")
    assert data["venue"] == {"code": "teremok", "name": "Теремок"}
    assert data["source"] == {"code": world.house.source_code, "label": "Стол 7", "kind": "table_tent"}
    assert data["card"].isdigit()
    assert data["consents"] == {"card": True, "advertising_sms": False, "advertising_email": False}
    assert data["phone"] is None and PHONE[1:] not in taken.body.decode()
    assert (delivery(world).status, delivery(world).http_status) == ("done", 204)


@pytest.mark.parametrize(("with_phone", "agreed"), [(True, True), (True, False), (False, True)])
def test_the_phone_needs_the_owners_switch_and_the_guests_consent(
    world: World, worker: Worker, receiver: Receiver, with_phone: bool, agreed: bool
) -> None:
    endpoint_for(world, receiver.url, with_phone=with_phone)
    join(world, PHONE, ("box_card", "box_advertising_sms") if agreed else ("box_card",))
    webhooks.carry_out_due(worker)
    assert receiver.taken[0].json["data"]["phone"] == (PHONE if with_phone and agreed else None)


def test_a_consent_withdrawn_before_a_late_try_takes_the_phone_along(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url, with_phone=True)
    join(world, PHONE, ("box_card", "box_advertising_sms"))
    receiver.answers = [503]
    webhooks.carry_out_due(worker)
    assert receiver.taken[0].json["data"]["phone"] == PHONE
    with world.database.writing() as session:
        person = phone_from_e164(PHONE)
        assert records.withdraw(
            session, world.settings.keys, world.house.legal_entity_id, person, "advertising_sms", "me:withdraw", world.now
        )
    world.later(minutes=1)
    webhooks.carry_out_due(worker)
    late = receiver.taken[1].json["data"]
    assert (late["phone"], late["consents"]["advertising_sms"]) == (None, False)
    assert receiver.taken[0].headers["webhook-id"] == receiver.taken[1].headers["webhook-id"]


def test_who_was_there_before_and_whoever_is_another_organizations_is_not_told(
    world: World, worker: Worker, receiver: Receiver
) -> None:
    with world.database.writing() as session:
        other = build_house(session, "blinnaya")
        plain_guest(session, world.house, 1, world.now - timedelta(days=1))
    endpoint_for(world, receiver.url)
    with world.database.writing() as session:
        plain_guest(session, other, 2, world.now + timedelta(seconds=1))
    assert webhooks.carry_out_due(worker) == 0
    assert receiver.taken == []


def test_an_endpoint_of_one_venue_hears_only_of_its_members(world: World, worker: Worker, receiver: Receiver) -> None:
    with world.database.writing() as session:
        here = session.get_one(Venue, world.house.venue_id)
        hall = Venue(
            organization_id=here.organization_id, legal_entity_id=here.legal_entity_id, code="hall", name="Зал", created_at=NOW
        )
        session.add(hall)
        session.flush()
        hall_id = hall.id
    endpoint_for(world, receiver.url, venue_ids=(hall_id,))
    join(world)
    assert webhooks.carry_out_due(worker) == 0
    world.later(seconds=1)
    endpoint_for(world, receiver.url, venue_ids=(world.house.venue_id,))
    join(world, "+79031234568")
    assert webhooks.carry_out_due(worker) == 1


def test_a_receiver_that_fails_is_tried_for_three_days_then_stopped_with_an_alert(
    world: World, worker: Worker, receiver: Receiver
) -> None:
    endpoint_for(world, receiver.url)
    join(world)
    receiver.answers = [500] * 50
    began, tries = world.now, 0
    while delivery_status(world) != "failed":
        webhooks.carry_out_due(worker)
        tries = len(receiver.taken)
        world.later(hours=1)
        assert world.now - began < timedelta(days=5)
    assert tries == 10
    assert timedelta(days=3) < world.now - began < timedelta(days=4)
    (endpoint,) = world.rows(WebhookEndpoint)
    assert endpoint.stopped_why == "gave_up"
    assert [(one.kind, one.ended_at) for one in world.rows(Alert)] == [("webhook", None)]
    join(world, "+79031234568")
    assert webhooks.carry_out_due(worker) == 0
    receiver.answers = []
    with world.database.writing() as session:
        row = endpoints.find(session, world.house.organization_id, endpoint.public_id)
        assert row is not None
        endpoints.go_on(session, row, world.now)
        alerts.webhook_goes_on(session, row.organization_id, row.public_id, world.now)
    assert webhooks.carry_out_due(worker) == 2
    assert world.rows(Alert)[0].ended_at is not None


def test_gone_stops_at_once(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url)
    join(world)
    receiver.answers = [410]
    webhooks.carry_out_due(worker)
    assert world.rows(WebhookEndpoint)[0].stopped_why == "gone"


def test_a_silent_receiver_is_not_tried_for_each_member_at_once(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url)
    with world.database.writing() as session:
        for n in range(20):
            plain_guest(session, world.house, n, world.now)
    receiver.answers = [500] * 99
    webhooks.carry_out_due(worker)
    webhooks.carry_out_due(worker)
    assert len(receiver.taken) == 1


def test_whoever_is_erased_takes_the_delivery_along(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url)
    join(world)
    receiver.answers = [500]
    webhooks.carry_out_due(worker)
    with world.database.writing() as session:
        erasure.erase(session, world.settings.keys, world.house.legal_entity_id, PHONE, world.now)
    assert world.rows(WebhookDelivery) == []
    world.later(hours=1)
    assert webhooks.carry_out_due(worker) == 0


def test_members_of_hours_without_a_worker_are_found_and_none_is_looked_at_for_ever(
    world: World, worker: Worker, receiver: Receiver
) -> None:
    endpoint_for(world, receiver.url)
    for n in range(5):
        with world.database.writing() as session:
            plain_guest(session, world.house, n, world.now)
        world.later(days=1)
    assert webhooks.carry_out_due(worker) == 5
    webhooks.move_on(worker)
    with world.database.reading() as session:
        newest = session.scalar(select(func.max(Guest.id)))
    assert world.rows(WebhookEndpoint)[0].looked_to == newest
    assert webhooks.carry_out_due(worker) == 0


def test_a_young_guest_is_never_stepped_over(world: World, worker: Worker, receiver: Receiver) -> None:
    """On PostgreSQL a lower id may be committed after a higher one."""
    endpoint_for(world, receiver.url)
    with world.database.writing() as session:
        plain_guest(session, world.house, 1, world.now)
    webhooks.carry_out_due(worker)
    webhooks.move_on(worker)
    assert world.rows(WebhookEndpoint)[0].looked_to == 0


def test_two_workers_at_once_queue_each_member_once(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url)
    with world.database.writing() as session:
        for n in range(30):
            plain_guest(session, world.house, n, world.now)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: webhooks.sweep(worker), range(4)))
        list(pool.map(lambda endpoint: webhooks.visit(worker, endpoint.id), world.rows(WebhookEndpoint) * 4))
    ids = [taken.headers["webhook-id"] for taken in receiver.taken]
    assert len(ids) == len(set(ids)) == 30


def test_a_worker_killed_while_it_talks_tells_again_under_the_same_id(world: World, receiver: Receiver, tmp_path) -> None:
    """kill -9 between the receiver's answer and our note of it: at least once, and the id says that it is the same."""
    endpoint_for(world, receiver.url)
    join(world)
    mark = tmp_path / "told"
    script = (
        "import sys, threading\n"
        "from datetime import timedelta\n"
        "from pathlib import Path\n"
        "from portal import models\n"
        "from portal.core.db import Database\n"
        "from portal.jobs import webhooks\n"
        "from tests.conftest import make_settings\n"
        "from tests.support.house import NOW\n"
        "from tests.support.members import worker_of\n"
        "url, folder, mark = sys.argv[1:]\n"
        "talk = webhooks.talk\n"
        "def stopping(*args):\n"
        "    reply = talk(*args)\n"
        "    Path(mark).touch()\n"
        "    threading.Event().wait()\n"
        "webhooks.talk = stopping\n"
        "settings = make_settings(Path(folder), database_url=url)\n"
        "webhooks.carry_out_due(worker_of(settings, Database(url), lambda: NOW))\n"
    )
    url = world.database.engine.url.render_as_string(hide_password=False)
    running = subprocess.Popen([sys.executable, "-c", script, url, str(tmp_path), str(mark)])
    deadline = time.monotonic() + 30
    while not mark.exists():
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.02)
    running.kill()
    running.wait()
    assert delivery_status(world) == "sending"
    world.later(seconds=61)
    assert webhooks.carry_out_due(worker_of(world.settings, world.database, lambda: world.now)) == 1
    assert len(receiver.taken) == 2
    assert len({taken.headers["webhook-id"] for taken in receiver.taken}) == 1
    assert delivery_status(world) == "done"


def test_what_arrived_long_ago_is_forgotten(world: World, worker: Worker, receiver: Receiver) -> None:
    endpoint_for(world, receiver.url)
    join(world)
    webhooks.carry_out_due(worker)
    world.later(days=31)
    webhooks.move_on(worker)
    assert world.rows(WebhookDelivery) == []
    assert webhooks.carry_out_due(worker) == 0


def delivery_status(world: World) -> str:
    return delivery(world).status if world.rows(WebhookDelivery) else "none"
