"""Appending to a legal entity's chain: one locked head, whole numbers without gaps, each row holding the one before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.consent.canonical import GENESIS, row_hash
from portal.consent.models import ConsentChain, ConsentOpening, ConsentRecord
from portal.core.tokens import random_id

_CHAIN = ConsentChain.__table__
_HEAD = select(_CHAIN.c.seq, _CHAIN.c.head_hash).where(_CHAIN.c.legal_entity_id == bindparam("entity")).with_for_update()
_MOVED: dict[str, Any] = {"seq": bindparam("s"), "head_hash": bindparam("h")}
_MOVE = update(_CHAIN).where(_CHAIN.c.legal_entity_id == bindparam("entity")).values(**_MOVED)  # type: ignore[arg-type]
_STORE = insert(ConsentRecord.__table__)  # type: ignore[arg-type]
_STORE_OPENING = insert(ConsentOpening.__table__)  # type: ignore[arg-type]


def lock_head(session: Session, organization_id: int, legal_entity_id: int) -> tuple[int, str]:
    """The chain's last seq and hash, locked until the transaction ends. Everybody who appends waits here."""
    connection = session.connection()
    found = connection.execute(_HEAD, {"entity": legal_entity_id}).first()
    if found is None:
        upsert = sqlite_insert if connection.dialect.name == "sqlite" else pg_insert
        new = {"legal_entity_id": legal_entity_id, "organization_id": organization_id, "seq": 0, "head_hash": GENESIS}
        connection.execute(upsert(ConsentChain).on_conflict_do_nothing(), new)
        found = connection.execute(_HEAD, {"entity": legal_entity_id}).one()
    return found[0], found[1]


def append(session: Session, head: tuple[int, str], rows: Sequence[dict[str, Any]]) -> list[str]:
    """Number, link and store records of one legal entity behind a head from `lock_head`; returns their record ids."""
    seq, last = head
    for row in rows:
        seq += 1
        row.update(seq=seq, record_id=random_id(), prev_hash=last)
        last = row["row_hash"] = row_hash(row, last)
    connection = session.connection()
    connection.execute(_STORE, list(rows))
    connection.execute(_MOVE, {"entity": rows[0]["legal_entity_id"], "s": seq, "h": last})
    return [row["record_id"] for row in rows]


def keep_opening(session: Session, row: dict[str, Any], opening: dict[str, Any]) -> None:
    """Store the side row that opens the commitments of `row` and of every record of the same act."""
    session.connection().execute(
        _STORE_OPENING,
        {
            "opening_id": row["opening_id"],
            "organization_id": row["organization_id"],
            "legal_entity_id": row["legal_entity_id"],
            "subject": row["subject"],
            "opening": opening,
            "created_at": row["at"],
        },
    )
