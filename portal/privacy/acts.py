"""Acts of destruction and the log behind them (RKN order 179 of 28.10.2022: an act and an export from the event log)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.privacy.models import DestructionAct, DestructionLog
from portal.venues.models import LegalEntity


@dataclass(frozen=True, slots=True)
class Destroyed:
    """One row: its table, its id, and what went ("row", or the emptied columns). Never what stood there."""

    table: str
    row_id: str
    what: str


def open_act(session: Session, legal_entity_id: int, rule: str, reason: str, cutoff: datetime, now: datetime) -> DestructionAct:
    """The open act of this rule at this operator: a killed run goes on with its own act and its own cutoff."""
    upsert: Any = sqlite_insert if session.get_bind().dialect.name == "sqlite" else pg_insert
    organization = select(LegalEntity.organization_id).where(LegalEntity.id == legal_entity_id).scalar_subquery()
    session.execute(
        upsert(DestructionAct)
        .values(
            organization_id=organization,
            legal_entity_id=legal_entity_id,
            rule=rule,
            reason=reason,
            cutoff=cutoff,
            started_at=now,
            total=0,
        )
        .on_conflict_do_nothing()
    )
    found = select(DestructionAct).where(
        DestructionAct.legal_entity_id == legal_entity_id, DestructionAct.rule == rule, DestructionAct.finished_at.is_(None)
    )
    return session.scalars(found).one()


def lock(session: Session, act_id: int) -> DestructionAct | None:
    """The act while it is open, its row locked: two runs never work on one act at once."""
    found = select(DestructionAct).where(DestructionAct.id == act_id, DestructionAct.finished_at.is_(None)).with_for_update()
    return session.scalars(found).one_or_none()


def log(session: Session, act_id: int, destroyed: Sequence[Destroyed], now: datetime) -> None:
    """Write down what the same transaction destroys: both are there after a crash, or neither."""
    if not destroyed:
        return
    rows = [{"act_id": act_id, "table_name": d.table, "row_id": d.row_id, "what": d.what, "at": now} for d in destroyed]
    session.execute(insert(DestructionLog), rows)
    count = DestructionAct.total + len(rows)
    session.execute(update(DestructionAct).where(DestructionAct.id == act_id).values(total=count))


def close(session: Session, act_id: int, now: datetime) -> None:
    """Nothing is left of what the act is about."""
    session.execute(update(DestructionAct).where(DestructionAct.id == act_id).values(finished_at=now))


def write_whole(
    session: Session, legal_entity_id: int, rule: str, destroyed: Sequence[Destroyed], now: datetime
) -> DestructionAct | None:
    """An act about what one transaction destroys, begun and ended in it. None when that was nothing."""
    if not destroyed:
        return None
    act = open_act(session, legal_entity_id, rule, rule, now, now)
    log(session, act.id, destroyed, now)
    close(session, act.id, now)
    session.refresh(act)
    return act


def list_acts(session: Session, limit: int = 200) -> list[DestructionAct]:
    """The newest acts first."""
    return list(session.scalars(select(DestructionAct).order_by(DestructionAct.id.desc()).limit(limit)))


def by_id(session: Session, act_id: int) -> DestructionAct | None:
    """One act."""
    return session.get(DestructionAct, act_id)


def log_of(session: Session, act_id: int) -> Iterator[DestructionLog]:
    """Every destroyed row of an act, in order."""
    return iter(session.scalars(select(DestructionLog).where(DestructionLog.act_id == act_id).order_by(DestructionLog.id)))
