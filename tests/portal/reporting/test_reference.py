"""The report's SQL against a slow, plain reading of the rules, on random visits, in every kind of zone, on both databases."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.core.tokens import random_id
from portal.guests.models import Guest
from portal.reporting.funnel import channels
from portal.reporting.ledger import Asked
from portal.reporting.question import Question
from portal.venues.models import Venue
from tests.support.fast_report import fast_bins, fast_cells
from tests.support.house import House, build_house
from tests.support.slow_report import WINDOWS, Slow, class_of
from tests.support.visits import add_visit

# Zone, and three days of it: the clocks go forward or back on the middle one, or its offset is no whole number of hours.
DAYS = {
    "Europe/Berlin": date(2026, 10, 25),
    "America/New_York": date(2026, 3, 8),
    "Australia/Lord_Howe": date(2026, 4, 5),  # by half an hour
    "Asia/Kolkata": date(2026, 10, 25),
    "Asia/Kathmandu": date(2026, 3, 8),
}


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


def fill(session: Session, house: House, chance: random.Random, window: timedelta, middle: date) -> dict[int, int | None]:
    """Three hundred visits around a day at this house and a neighbour's; returns the guests' first sources."""
    start = datetime.combine(middle, datetime.min.time(), UTC) - timedelta(days=2)
    stranger = build_house(session, "sosed")
    guests: list[int] = []
    for number, source_id in enumerate((house.source_id, None, stranger.source_id)):
        guest = Guest(
            organization_id=house.organization_id, legal_entity_id=house.legal_entity_id, public_id=random_id(),
            phone=f"+7903123450{number}", first_source_id=source_id, language="ru", created_at=start, last_seen_at=start,
        )  # fmt: skip
        session.add(guest)
        session.flush()
        guests.append(guest.id)
    for _ in range(300):
        at = start + timedelta(microseconds=chance.randrange(int(timedelta(days=5) / timedelta(microseconds=1))))
        add_visit(
            session, chance.choice((house, house, house, stranger)), chance.choice((at, at.replace(microsecond=0))),
            a_story(chance, window), source_id=chance.choice((house.source_id, None)), guest_id=chance.choice((None, *guests)),
            visitor_class=chance.choice(("guest", "guest", "guest", "bot", "remembered")), sms_kopecks=chance.choice((0, 549)),
            bot_reason=chance.choice(("TelegramBot", "Googlebot")), came_before=chance.choice((None, False, True)),
            synthetic=chance.random() < 0.2,
        )  # fmt: skip
    return dict(zip(guests, (house.source_id, None, stranger.source_id), strict=True))


@pytest.mark.parametrize("attribution", ["visit", "first"])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("zone", DAYS)
def test_sql_and_the_plain_rules_agree(database: Database, house: House, zone: str, window: str, attribution: str) -> None:
    middle = DAYS[zone]
    first, last = middle - timedelta(days=1), middle + timedelta(days=1)
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).timezone = zone
        first_sources = fill(session, house, random.Random(f"{zone}{window}"), WINDOWS[window], middle)
    now = datetime.combine(last, datetime.min.time(), UTC) + timedelta(hours=13)
    slow = Slow(first, last, zone, window, attribution, first_sources)
    with database.snapshot() as session:
        question = Question(session.get_one(Venue, house.venue_id), first, last, window=window, attribution=attribution)
        asked = [Asked(0, house.venue_id, question.period)]
        cells, bins = fast_cells(session, question, asked), fast_bins(session, question, asked)
        report = channels(session, question, now=now)
        mine = session.scalars(select(Visit).where(Visit.venue_id == house.venue_id)).all()
    assert len(mine) > 150
    assert cells == slow.cells(mine)
    assert bins == slow.bins(mine)
    guests = [visit for visit in mine if visit.visitor_class == "guest" and class_of(visit) in ("new", "returning")]
    cohort = list(slow._cohort(guests))
    assert report.totals.of("seen") == len(cohort) > 50
    assert report.unripe == sum(visit.arrived_at > now - WINDOWS[window] for visit in cohort)
    shares = [share for row in report.rows for step in row.funnel for share in (step.of_start, step.of_previous)]
    assert all(share is None or 0 <= share <= 1 for share in shares)
