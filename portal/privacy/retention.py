"""Runs the rules: an act in its own transaction, batches with their log in one each, the act closed at the end.

Killed at any moment, the next run goes on with the open act; a row is destroyed and logged together, so exactly once.
Counters of limits hold no personal data (keyed hashes) and go without an act.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.core import limits
from portal.core.config import Settings
from portal.core.db import Database
from portal.privacy import acts
from portal.privacy.models import DestructionAct
from portal.privacy.patience import patiently
from portal.privacy.rules import RULES, Rule

ACTS_KEPT = timedelta(days=3 * 365 + 1)  # order 179: an act and its log are kept for three years


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished act."""

    act_id: int
    legal_entity_id: int
    rule: str
    total: int


def run(database: Database, settings: Settings, clock: Callable[[], datetime], batch: int = 200) -> list[Ran]:
    """Destroy everything whose term is over; returns the acts that were finished. Safe to run twice at once."""
    finished = [ran for rule in RULES for ran in _run_rule(database, settings, clock, rule, min(batch, rule.batch))]
    with database.writing() as session:
        limits.forget_old(session, clock())
        session.execute(delete(DestructionAct).where(DestructionAct.finished_at < clock() - ACTS_KEPT))
    return finished


def _run_rule(database: Database, settings: Settings, clock: Callable[[], datetime], rule: Rule, batch: int) -> list[Ran]:
    finished = [_finish(database, settings, clock, rule, batch, act) for act in _left_open(database, rule)]
    cutoff = rule.cutoff(settings, clock())
    with database.reading() as session:
        entities = rule.entities(session, cutoff)
    for legal_entity_id in entities:
        with database.writing() as session:
            act = acts.open_act(session, legal_entity_id, rule.name, "term", cutoff, clock())
        finished.append(_finish(database, settings, clock, rule, batch, act))
    return finished


def _left_open(database: Database, rule: Rule) -> list[DestructionAct]:
    with database.reading() as session:
        found = select(DestructionAct).where(DestructionAct.rule == rule.name, DestructionAct.finished_at.is_(None))
        return list(session.scalars(found))


def _finish(
    database: Database, settings: Settings, clock: Callable[[], datetime], rule: Rule, batch: int, act: DestructionAct
) -> Ran:
    while _one_batch(database, settings, clock(), rule, batch, act):
        continue
    with database.reading() as session:
        done = session.get_one(DestructionAct, act.id)
    return Ran(done.id, done.legal_entity_id, done.rule, done.total)


def _one_batch(database: Database, settings: Settings, now: datetime, rule: Rule, batch: int, act: DestructionAct) -> bool:
    """Destroy and log one batch, or close the act when nothing is left; False when it is closed."""

    def destroy(session: Session) -> bool:
        if acts.lock(session, act.id) is None:
            return False
        ids = rule.take(session, act.legal_entity_id, act.cutoff, batch)
        if not ids:
            acts.close(session, act.id, now)
            return False
        acts.log(session, act.id, rule.destroy(session, settings, ids, now), now)
        return True

    return patiently(database, destroy)
