"""Sums and visits say the same at every moment: random histories, late events, edits, erasures, jobs at any time."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from portal.acquisition import sources
from portal.acquisition.models import Visit
from portal.core.db import Database
from portal.core.tokens import random_id
from portal.guests.models import Guest
from portal.jobs import sums
from portal.reporting import building, closing
from portal.reporting.ledger import Asked
from portal.reporting.models import RollupMark
from portal.reporting.question import Question
from portal.venues.models import Venue
from tests.support.fast_report import fast_bins, fast_cells, fast_cells_by_age
from tests.support.house import NOW, build_house
from tests.support.slow_report import Slow
from tests.support.visits import add_visit

ZONES = ("Europe/Moscow", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe")
WINDOWS = ("30m", "24h", "7d")
STEPS = ("phone", "code_sent", "code_delivered", "verified", "card", "card_saved", "online")
AFTER = {"verified": "phone", "card": "verified", "card_saved": "card", "online": "verified"}
SPAN = timedelta(days=75)  # of the history: two whole months and their edges
_serial = count()


class History(RuleBasedStateMachine):
    """A venue's visits as life and the office change them, with the worker's jobs in between."""

    database: Database  # set by the test

    @initialize(zone=st.sampled_from(ZONES), seed=st.integers(0, 2**32))
    def open_a_house(self, zone: str, seed: int) -> None:
        self.now, self.chance = NOW - timedelta(days=2), random.Random(seed)
        with self.database.writing() as session:
            self.house = build_house(session, f"{next(_serial):06}")
            venue = session.get_one(Venue, self.house.venue_id)
            venue.timezone = zone
            self.sources = [self.house.source_id, sources.create(session, venue, "receipt", "Чек", NOW).id, None]
        self.come(seed=seed, visits=40)

    @rule(seed=st.integers(0, 2**32), visits=st.integers(1, 12))
    def come(self, seed: int, visits: int) -> None:
        """Visits of the whole history, most of them of the last days."""
        chance = random.Random(seed)
        with self.database.writing() as session:
            for _ in range(visits):
                back = SPAN * chance.random() ** 2
                arrived_at = (self.now - back).replace(microsecond=chance.choice((0, 999_999, 400)))
                wait = lambda: timedelta(seconds=chance.choice((1, 40, 1800, 1801, 86_400, 200_000)))  # noqa: E731
                reached = {name: wait() for name in STEPS if chance.random() < 0.6}
                lawful = {name: after for name, after in reached.items() if all(one in reached for one in _before(name))}
                add_visit(session, self.house, arrived_at, lawful, **self._facts(chance))

    @rule(minutes=st.one_of(st.integers(1, 600), st.integers(600, 3600), st.sampled_from((60, 1440))))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(seed=st.integers(0, 2**32))
    def reach_a_step_late(self, seed: int) -> None:
        chance = random.Random(seed)
        visit = self._one(chance)
        if visit is None:
            return
        free = [name for name in STEPS if _lacks(visit, name) and not any(_lacks(visit, one) for one in _before(name))]
        if free:
            self._change(visit.id, {f"{chance.choice(free)}_at": max(self.now, visit.arrived_at)})

    @rule(seed=st.integers(0, 2**32))
    def correct_a_visit(self, seed: int) -> None:
        """Another source, class, price, whether it was invented, or when it came."""
        chance = random.Random(seed)
        visit = self._one(chance)
        if visit is None:
            return
        facts = self._facts(chance) | {"arrived_at": visit.arrived_at + timedelta(hours=chance.randrange(-90, 90))}
        name = chance.choice(sorted(facts))
        if name != "visitor_class" or visit.online_at is None:
            self._change(visit.id, {name: facts[name]})

    @rule(seed=st.integers(0, 2**32))
    def know_a_guest(self, seed: int) -> None:
        chance = random.Random(seed)
        visit = self._one(chance)
        if visit is None:
            return
        with self.database.writing() as session:
            guest = Guest(
                organization_id=self.house.organization_id, legal_entity_id=self.house.legal_entity_id, public_id=random_id(),
                phone=f"+7{next(_serial):010}", first_source_id=chance.choice(self.sources), language="ru", created_at=self.now,
                last_seen_at=self.now,
            )  # fmt: skip
            session.add(guest)
            session.flush()
            session.execute(update(Visit).where(Visit.id == visit.id).values(guest_id=guest.id))

    @rule(seed=st.integers(0, 2**32))
    def erase_a_guest(self, seed: int) -> None:
        visit = self._one(random.Random(seed))
        if visit is None or visit.guest_id is None:
            return
        with self.database.writing() as session:
            mine = update(Visit).where(Visit.guest_id == visit.guest_id)
            session.execute(mine.values(guest_id=None, device_hash=None))
            session.execute(delete(Guest).where(Guest.id == visit.guest_id))

    @rule(seed=st.integers(0, 2**32))
    def remove_a_visit(self, seed: int) -> None:
        visit = self._one(random.Random(seed))
        if visit is not None:
            with self.database.writing() as session:
                session.execute(delete(Visit).where(Visit.id == visit.id))

    @rule()
    def close_days(self) -> None:
        with self.database.reading() as session:
            due = closing.due(session, self.now)
        with self.database.writing() as session:
            closing.close(session, due)

    @rule()
    def build_a_month(self) -> None:
        building.build(self.database, self.house.venue_id)

    @rule()
    def let_the_worker_catch_up(self) -> None:
        sums.keep_up(self.database, self.now)
        with self.database.reading() as session:
            assert session.scalars(select(RollupMark.id).where(RollupMark.venue_id == self.house.venue_id)).all() == []

    @precondition(lambda self: self.chance.random() < 0.2)
    @rule(zone=st.sampled_from(ZONES))
    def move_the_clock(self, zone: str) -> None:
        with self.database.writing() as session:
            session.get_one(Venue, self.house.venue_id).timezone = zone

    @precondition(lambda self: self.chance.random() < 0.2)
    @rule()
    def find_no_drift(self) -> None:
        assert sums.check_all(self.database, self.now)[self.house.venue_id].rows == 0 if self._is_summed() else True

    @invariant()
    def sums_visits_and_plain_rules_agree(self) -> None:
        with self.database.snapshot() as session:
            visits = session.scalars(select(Visit).where(Visit.venue_id == self.house.venue_id)).all()
            firsts = {guest.id: guest.first_source_id for guest in session.scalars(select(Guest))}
            for question in self._questions(session.get_one(Venue, self.house.venue_id)):
                zone = question.venue.timezone
                slow = Slow(question.first, question.last, zone, question.window, question.attribution, firsts)
                asked = [Asked(0, self.house.venue_id, question.period)]
                assert fast_cells(session, question, asked) == slow.cells(visits)
                young = [visit for visit in visits if visit.arrived_at > self.now - question.span]
                by_age = fast_cells_by_age(session, question, asked, self.now)
                assert by_age == (slow.cells(visits), slow.cells(young))
                assert fast_bins(session, question, asked) == slow.bins(visits)

    def _questions(self, venue: Venue) -> list[Question]:
        """The whole history as it is usually asked for, and some other part of it in another way."""
        whole = Question(venue, (self.now - SPAN * 2).date(), (self.now + timedelta(days=9)).date())
        window, attribution = self.chance.choice(WINDOWS), self.chance.choice(("visit", "first"))
        first = whole.first + timedelta(days=self.chance.randrange(whole.days))
        last = first + timedelta(days=self.chance.randrange((whole.last - first).days + 1))
        return [whole, replace(whole, first=first, last=last, window=window, attribution=attribution)]

    def _facts(self, chance: random.Random) -> dict[str, Any]:
        return {
            "source_id": chance.choice(self.sources), "sms_kopecks": chance.choice((0, 549)), "synthetic": chance.random() < 0.3,
            "came_before": chance.choice((None, False, True)), "bot_reason": chance.choice(("WhatsApp", "Googlebot")),
            "visitor_class": chance.choice(("guest", "guest", "guest", "bot", "voucher", "remembered")),
        }  # fmt: skip

    def _one(self, chance: random.Random) -> Visit | None:
        with self.database.reading() as session:
            mine = session.scalars(select(Visit).where(Visit.venue_id == self.house.venue_id).order_by(Visit.id)).all()
        return chance.choice(mine) if mine else None

    def _change(self, visit_id: int, values: dict[str, Any]) -> None:
        with self.database.writing() as session:
            session.execute(update(Visit).where(Visit.id == visit_id).values(**values))

    def _is_summed(self) -> bool:
        with self.database.reading() as session:
            return self.house.venue_id in sums_of(session)


def sums_of(session: Any) -> set[int]:
    return set(session.scalars(select(closing.RollupState.venue_id)))


def _before(name: str) -> list[str]:
    """The steps without which the database does not take this one."""
    return [AFTER[name], *_before(AFTER[name])] if name in AFTER else []


def _lacks(visit: Visit, name: str) -> bool:
    moment: datetime | None = getattr(visit, f"{name}_at")
    return moment is None


def test_reports_are_right_to_the_last_unit_at_every_moment(database: Database) -> None:
    quick = settings(max_examples=12, stateful_step_count=25, suppress_health_check=list(HealthCheck), print_blob=True)
    run_state_machine_as_test(type("Here", (History,), {"database": database}), settings=quick)
