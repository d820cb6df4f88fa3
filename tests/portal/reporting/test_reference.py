"""The report's SQL against a slow, plain reading of the rules, on random visits, on both databases."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.reporting.funnel import channels
from portal.reporting.steps import FUNNEL
from portal.venues.models import Venue
from tests.support.house import House, build_house
from tests.support.visits import add_visit

ZONE = ZoneInfo("Europe/Berlin")
FIRST, LAST = date(2026, 10, 24), date(2026, 10, 26)  # the clocks go back between them
NOW = datetime(2026, 10, 27, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Slow:
    """The rules once more, one visit at a time."""

    window: timedelta

    def belongs(self, visit: Visit) -> bool:
        return FIRST <= visit.arrived_at.astimezone(ZONE).date() <= LAST

    def reached(self, visit: Visit) -> set[str]:
        def in_time(name: str) -> bool:
            moment: datetime | None = getattr(visit, f"{name}_at")
            return moment is not None and moment - visit.arrived_at <= self.window

        found = {"seen"}
        if not in_time("phone"):
            return found
        found.add("phone")
        if in_time("verified") or in_time("code_delivered"):
            found |= {"code_sent", "code_delivered"}
        if in_time("code_sent"):
            found.add("code_sent")
        if not in_time("verified"):
            return found
        found |= {"verified"} | {name for name in ("card", "online") if in_time(name)}
        if "card" in found and in_time("card_saved"):
            found.add("card_saved")
        return found


def a_story(chance: random.Random, window: timedelta) -> dict[str, timedelta]:
    """Steps in a lawful order of existence, at times around the window's edge, now and then in a mad order of time."""
    edge = window + timedelta(microseconds=chance.choice((-1, 0, 1, 0, -999_999, 400)))
    spans = [timedelta(seconds=chance.uniform(0, 90)), edge, timedelta(microseconds=chance.randrange(1, 10**9)), edge * 2]
    names = ["seen", "phone"] + (["verified"] if chance.random() < 0.7 else [])
    if "verified" in names:
        names += [name for name in ("card", "online") if chance.random() < 0.6]
        names += ["card_saved"] if "card" in names and chance.random() < 0.5 else []
    names += [name for name in ("code_sent", "code_delivered") if chance.random() < 0.5]
    kept = names[:1] if chance.random() < 0.3 else names
    return {name: chance.choice(spans) for name in kept}


def fill(database: Database, house: House, chance: random.Random, window: timedelta) -> None:
    start = datetime(2026, 10, 23, 18, tzinfo=UTC)
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).timezone = ZONE.key
        stranger = build_house(session, "sosed")
        for _ in range(300):
            at = start + timedelta(microseconds=chance.randrange(int(timedelta(days=4) / timedelta(microseconds=1))))
            add_visit(
                session, chance.choice((house, house, house, stranger)), chance.choice((at, at.replace(microsecond=0))),
                a_story(chance, window), source_id=chance.choice((house.source_id, None)),
                visitor_class=chance.choice(("guest", "guest", "guest", "bot", "remembered")),
            )  # fmt: skip


@pytest.mark.parametrize("window", [timedelta(hours=24), timedelta(minutes=30)])
@pytest.mark.parametrize("seed", range(3))
def test_sql_and_the_plain_rules_agree(database: Database, house: House, seed: int, window: timedelta) -> None:
    fill(database, house, random.Random(seed), window)
    slow = Slow(window)
    with database.reading() as session:
        found = channels(session, session.get_one(Venue, house.venue_id), FIRST, LAST, now=NOW, window=window)
        cohort = [v for v in session.scalars(select(Visit).where(Visit.venue_id == house.venue_id)) if slow.belongs(v)]
    guests = [visit for visit in cohort if visit.visitor_class == "guest"]
    assert len(guests) > 50
    for source_id in (house.source_id, None):
        stories = [slow.reached(visit) for visit in guests if visit.source_id == source_id]
        row = found.row(source_id)
        assert row is not None
        assert row.counts.values == tuple(sum(name in story for story in stories) for name in FUNNEL)
        assert all(share is None or 0 <= share <= 1 for step in row.funnel for share in (step.of_start, step.of_previous))
    assert found.unripe == sum(visit.arrived_at > NOW - window for visit in guests)
    assert found.apart.bots == sum(visit.visitor_class == "bot" for visit in cohort)
    assert found.apart.remembered == sum(visit.visitor_class == "remembered" for visit in cohort)
