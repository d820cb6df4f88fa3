"""Appending to a legal entity's chain: one locked head, whole numbers without gaps, each row holding the one before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.consent.canonical import GENESIS, HASHED, row_hash
from portal.consent.models import ConsentChain, ConsentOpening, ConsentRecord
from portal.core.statements import Ask, Statement
from portal.core.tokens import random_id

_CHAIN = ConsentChain.__table__
_HEAD = Statement(
    select(_CHAIN.c.seq, _CHAIN.c.head_hash).where(_CHAIN.c.legal_entity_id == bindparam("entity")).with_for_update()
)
_MOVED: dict[str, Any] = {"seq": bindparam("s"), "head_hash": bindparam("h")}
_MOVE = Statement(update(_CHAIN).where(_CHAIN.c.legal_entity_id == bindparam("entity")).values(**_MOVED))  # type: ignore[arg-type]
_STORE = Statement(insert(ConsentRecord.__table__), *HASHED, "prev_hash", "row_hash")  # type: ignore[arg-type]
_STORE_OPENING = Statement(insert(ConsentOpening.__table__), *(column.name for column in ConsentOpening.__table__.c))  # type: ignore[arg-type]


def ask_head(legal_entity_id: int) -> Ask:
    """What `lock_head` will ask, to be asked ahead."""
    return _HEAD, {"entity": legal_entity_id}


def lock_head(session: Session, organization_id: int, legal_entity_id: int) -> tuple[int, str]:
    """The chain's last seq and hash, locked until the transaction ends. Everybody who appends waits here."""
    found = _HEAD.first(session, {"entity": legal_entity_id})
    if found is None:
        connection = session.connection()
        upsert = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
        new = {"legal_entity_id": legal_entity_id, "organization_id": organization_id, "seq": 0, "head_hash": GENESIS}
        connection.execute(upsert(ConsentChain).on_conflict_do_nothing(), new)
        found = _HEAD.first(session, {"entity": legal_entity_id})
    return found.seq, found.head_hash


def append(session: Session, head: tuple[int, str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """Number, link and store records of one legal entity behind a head from `lock_head`; returns their record ids."""
    seq, last = head
    for row in rows:
        seq += 1
        row.update(seq=seq, record_id=random_id(), prev_hash=last)
        last = row["row_hash"] = row_hash(row, last)
    _STORE.write(session, *rows)
    _MOVE.write(session, {"entity": rows[0]["legal_entity_id"], "s": seq, "h": last})
    return [row["record_id"] for row in rows]


def keep_opening(session: Session, row: dict[str, Any], opening: dict[str, Any]) -> None:
    """Store the side row that opens the commitments of `row` and of every record of the same act."""
    kept = {name: row[name] for name in ("opening_id", "organization_id", "legal_entity_id", "subject")}
    _STORE_OPENING.write(session, kept | {"opening": opening, "created_at": row["at"]})
