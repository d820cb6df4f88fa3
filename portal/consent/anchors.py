"""Signed heads of the chains: once a day, in the database and in a file outside it.

A chain alone proves nothing against whoever owns the database: it can be written anew as a whole. A signed head that
left the house cannot be taken back, so copy `anchors/` and the public key to where the database's owner has no access.
"""

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.consent.canonical import canonical, written
from portal.consent.models import ConsentAnchor, ConsentChain
from portal.consent.signing import PublicKey, signing_key
from portal.core.config import Settings
from portal.core.db import Database

FOLDER = "anchors"


@dataclass(frozen=True, slots=True)
class Anchor:
    """One signed head: at `signed_at` the chain of a legal entity ended at `seq` with `head_hash`."""

    legal_entity_id: int
    seq: int
    head_hash: str
    signed_at: datetime
    key_id: str
    signature: str

    @property
    def message(self) -> bytes:
        """The signed bytes: canonical JSON of everything but the signature."""
        return canonical({name: value for name, value in self.line.items() if name != "signature"})

    @property
    def line(self) -> dict[str, Any]:
        """The anchor as a line of its file."""
        return {
            "legal_entity_id": self.legal_entity_id,
            "seq": self.seq,
            "head_hash": self.head_hash,
            "signed_at": written(self.signed_at),
            "key_id": self.key_id,
            "signature": self.signature,
        }


def sign_all(database: Database, settings: Settings, clock: Callable[[], datetime]) -> list[Anchor]:
    """Sign the head of every chain that grew since its last anchor; returns the new anchors.

    The row is committed first, then the file is brought up to the rows, so a crash in between is mended by the next run.
    """
    key = signing_key(settings.data_dir)
    with database.writing() as session:
        new = [_sign(session, chain, key, clock()) for chain in _grown(session)]
        kept: dict[int, list[Anchor]] = {}
        for anchor in stored(session):
            kept.setdefault(anchor.legal_entity_id, []).append(anchor)
    for entity, anchors in kept.items():
        _append_missing(anchor_file(settings.data_dir / FOLDER, entity), anchors)
    return new


def stored(session: Session, legal_entity_id: int | None = None) -> list[Anchor]:
    """Anchors in the database, by legal entity and seq."""
    query = select(ConsentAnchor).order_by(ConsentAnchor.legal_entity_id, ConsentAnchor.seq)
    if legal_entity_id is not None:
        query = query.where(ConsentAnchor.legal_entity_id == legal_entity_id)
    return [
        Anchor(row.legal_entity_id, row.seq, row.head_hash, row.signed_at, row.key_id, row.signature)
        for row in session.scalars(query)
    ]


def anchor_file(folder: Path, legal_entity_id: int) -> Path:
    """Where the anchors of a legal entity are kept outside the database."""
    return folder / f"{legal_entity_id}.jsonl"


def read_file(path: Path) -> list[Anchor]:
    """Anchors of a file; none when it is missing. Raises ValueError on a line that is no anchor."""
    if not path.exists():
        return []
    return [_parse(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _parse(line: str) -> Anchor:
    try:
        read = json.loads(line)
        at = datetime.strptime(read["signed_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        return Anchor(int(read["legal_entity_id"]), int(read["seq"]), read["head_hash"], at, read["key_id"], read["signature"])
    except (KeyError, TypeError) as error:
        raise ValueError("not an anchor") from error


def _grown(session: Session) -> list[ConsentChain]:
    signed = (
        select(ConsentAnchor.id)
        .where(ConsentAnchor.legal_entity_id == ConsentChain.legal_entity_id, ConsentAnchor.seq >= ConsentChain.seq)
        .exists()
    )
    return list(session.scalars(select(ConsentChain).where(ConsentChain.seq > 0, ~signed).order_by(ConsentChain.legal_entity_id)))


def _sign(session: Session, chain: ConsentChain, key: Ed25519PrivateKey, now: datetime) -> Anchor:
    unsigned = Anchor(chain.legal_entity_id, chain.seq, chain.head_hash, now, PublicKey(key.public_key()).key_id, "")
    anchor = Anchor(
        unsigned.legal_entity_id, unsigned.seq, unsigned.head_hash, now, unsigned.key_id, key.sign(unsigned.message).hex()
    )
    upsert = sqlite_insert if session.connection().dialect.name == "sqlite" else pg_insert
    row = {**anchor.line, "signed_at": now, "organization_id": chain.organization_id}
    session.connection().execute(upsert(ConsentAnchor).on_conflict_do_nothing(), row)
    return anchor


def _append_missing(path: Path, anchors: list[Anchor]) -> None:
    """Bring a file up to the rows; two processes that sign at once wait for each other."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        there = {line.strip() for line in file if line.strip()}
        for anchor in anchors:
            line = canonical(anchor.line).decode()
            if line not in there:
                file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
