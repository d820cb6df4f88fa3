"""Sessions, packets lost, repeated, mixed up and late, counters that wrap, ids given out anew: against a slow model."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import delete, select, update

from portal.access import accounting, octets
from portal.access.models import AccountingSession
from portal.access.nas import KnownNas, find_nas
from portal.access.story import Story, began_at, find, sent_at
from portal.core.db import Database
from portal.venues.models import Nas
from tests.support import accounted
from tests.support.accounted import Expected, Scene, scenes
from tests.support.house import NOW, House

QUIETLY = {"suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture
def nas(database: Database, house: House) -> KnownNas:
    with database.reading() as session:
        found = find_nas(session, house.nas_name)
    assert found is not None
    return found


def in_order(rows: list[Any]) -> list[Expected]:
    """Stored sessions as the model writes them, by when they began."""
    return [
        Expected(
            (one.acct_session_id, one.user_name),
            one.session_seconds,
            one.input_octets,
            one.output_octets,
            one.stopped_at is not None,
        )
        for one in sorted(rows, key=lambda one: one.started_at)
    ]


def begun_near(rows: list[Any], scene: Scene) -> bool:
    """Every stored beginning is a real one, or at most the undeclared delay later."""
    real = [accounted.at(NOW, one.start) for one in scene.sessions]
    return all(any(0 <= (row.started_at - one).total_seconds() <= accounted.UNDECLARED_SECONDS for one in real) for row in rows)


def same(rows: list[Any], scene: Scene) -> None:
    found, wanted = in_order(rows), accounted.expected(scene)
    order = lambda one: (one.key, one.seconds, one.up, one.down, one.stopped)  # noqa: E731
    assert sorted(found, key=order) == sorted(wanted, key=order)
    assert begun_near(rows, scene)


@given(scenes())
@settings(max_examples=400, **QUIETLY)
def test_stories_alone_come_out_as_the_model_says(scene: Scene) -> None:
    """Without a database, so that many scenes can be tried; the router's restarts are known from the start."""
    stories: dict[tuple[str, str], list[Story]] = {}
    restarted = max((accounted.at(NOW, one) for one in scene.restarts), default=None)
    for sent in scene.arrived:
        if sent.real is None:
            continue
        packet, when = sent.report, sent_at(sent.report, accounted.at(NOW, sent.received_at))
        mine = stories.setdefault((packet.acct_session_id, packet.user_name), [])
        story = find(mine, packet, when)
        if story is None:
            story = Story(packet.acct_session_id, packet.user_name, len(mine), began_at(packet, when) or when, when)
            mine.append(story)
        story.add(packet, when, packet.view == "client", restarted)
    same([story for found in stories.values() for story in found], scene)


def stored(database: Database, nas: KnownNas, scene: Scene, sizes: list[int]) -> list[AccountingSession]:
    """Apply what arrived, in batches of these sizes, to an empty table."""
    with database.writing() as session:
        session.execute(delete(AccountingSession))
        session.execute(update(Nas).values(restarted_at=None))
    left = [(nas, sent.report, accounted.at(NOW, sent.received_at)) for sent in scene.arrived]
    for size in sizes:
        batch, left = left[:size], left[size:]
        with database.writing() as session:
            if size == 1 and batch:
                accounting.apply(session, *batch[0])
            else:
                accounting.apply_many(session, batch)
    with database.writing() as session:
        accounting.apply_many(session, left)
    with database.reading() as session:
        return list(session.scalars(select(AccountingSession)))


@given(scene=scenes(), seed=...)
@settings(max_examples=25, **QUIETLY)
def test_what_is_stored_is_what_the_model_says(database: Database, nas: KnownNas, scene: Scene, seed: random.Random) -> None:
    sizes = [seed.choice((1, 1, 2, 5, 50)) for _ in range(8)]
    same(stored(database, nas, scene, sizes), scene)


@given(scene=scenes())
@settings(max_examples=10, **QUIETLY)
def test_a_batch_that_is_replayed_whole_changes_nothing(database: Database, nas: KnownNas, scene: Scene) -> None:
    stored(database, nas, scene, [])
    again = [(nas, sent.report, accounted.at(NOW, sent.received_at)) for sent in scene.arrived]
    with database.writing() as session:
        accounting.apply_many(session, again)
    with database.reading() as session:
        same(list(session.scalars(select(AccountingSession))), scene)


def test_a_counter_that_began_anew_is_not_taken_for_four_gigabytes() -> None:
    assert octets.totals([(0, 3_000_000_000, 0), (10, 5, 0)]) == (3_000_000_000, 0)  # 4 GiB in ten seconds: no
    assert octets.totals([(0, 3_000_000_000, 0), (600, 5, 0)]) == ((1 << 32) + 5, 0)


def test_only_the_last_samples_are_kept_and_the_total_stays() -> None:
    samples: list[octets.Sample] = []
    for minute in range(60):
        samples = octets.add(samples, (minute * 60, (minute << 30) % (1 << 32), 0))
    assert len(samples) == octets.KEPT and octets.totals(samples) == (59 << 30, 0)
    assert octets.add(samples, (60, 7, 7)) is samples  # too late to be put in its place
    assert octets.read(octets.write(samples)) == samples
