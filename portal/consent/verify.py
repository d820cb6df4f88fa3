"""Walks a chain and its anchors, and names what was done to it and where.

What it can find: any change to any record; and, up to the last signed head, a chain that was rewritten as a whole. What
it cannot: rows after the last anchor that were rewritten together with the head. The daily anchor keeps that to a day.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consent.anchors import Anchor, stored
from portal.consent.canonical import GENESIS, HASHED, row_hash
from portal.consent.evidence import matches
from portal.consent.models import ConsentChain, ConsentDocument, ConsentOpening, ConsentRecord
from portal.consent.signing import PublicKey
from portal.core.tokens import sha256_hex

# A door takes `now` before it waits for the chain, and servers' clocks differ: only more than this is a false date.
SKEW = timedelta(minutes=5)
REASONS = {
    "edited": "a field of the record was changed after it was written",
    "reordered": "the record was moved: it fits its own hash only at another place",
    "deleted": "records are missing here",
    "relinked": "the record does not follow the one before it",
    "backdated": "the record carries a time before one that was already fixed",
    "tail_cut": "the chain ends before the last signed or stored head: records were cut off",
    "rewritten": "the record differs from the head that was signed at this place: the chain was written anew",
    "head_changed": "the stored head is not the last record",
    "anchor_forged": "the anchor's signature does not fit its contents and our public key",
    "anchor_deleted": "the file outside holds a signed anchor that the database has lost",
    "anchor_not_in_file": "the database holds an anchor that the file outside lacks",
    "document_changed": "the document's text is not the one that was shown",
    "opening_changed": "the stored phone, address or device is not what the record committed to",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: at which record, and what (a key of REASONS)."""

    legal_entity_id: int
    seq: int
    reason: str

    @property
    def words(self) -> str:
        """The reason in a sentence."""
        return REASONS[self.reason]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one legal entity. `unanchored` counts the newest records that no signed head covers yet."""

    legal_entity_id: int
    records: int
    anchors: int
    unanchored: int
    findings: tuple[Finding, ...]


def verify(session: Session, legal_entity_id: int, outside: Sequence[Anchor], key: PublicKey | None) -> Verdict:
    """Check one chain against itself, its documents, its openings, and the anchors in the database and `outside` it."""
    inside = stored(session, legal_entity_id)
    anchors = sorted({a for a in (*inside, *outside) if a.legal_entity_id == legal_entity_id}, key=lambda a: a.seq)
    good = [a for a in anchors if key is not None and a.key_id == key.key_id and key.signed(a.message, a.signature)]
    findings = [Finding(legal_entity_id, a.seq, "anchor_forged") for a in anchors if a not in good]
    findings += [Finding(legal_entity_id, a.seq, "anchor_deleted") for a in good if a not in inside]
    findings += [Finding(legal_entity_id, a.seq, "anchor_not_in_file") for a in good if a not in outside]
    walk = _Walk(session, legal_entity_id, good)
    findings += walk.run()
    findings += _wrong_texts(session, legal_entity_id)
    order = sorted(set(findings), key=lambda f: (f.seq, f.reason))
    last_anchor = max((a.seq for a in good), default=0)
    return Verdict(legal_entity_id, walk.records, len(good), max(0, walk.last_seq - last_anchor), tuple(order))


def chains(session: Session, outside: Iterable[Anchor]) -> list[int]:
    """Legal entities that have or had a chain: one that was deleted whole is known by its anchors."""
    known = select(ConsentChain.legal_entity_id).union(select(ConsentRecord.legal_entity_id))
    return sorted({*session.scalars(known), *(anchor.legal_entity_id for anchor in outside)})


class _Walk:
    """One pass over a chain in the order of seq, in constant memory."""

    def __init__(self, session: Session, legal_entity_id: int, anchors: Sequence[Anchor]) -> None:
        self.session = session
        self.entity = legal_entity_id
        self.anchors = anchors
        self.signed = {anchor.seq: anchor.head_hash for anchor in anchors}
        self.records, self.last_seq, self.last_hash = 0, 0, GENESIS
        self.ahead = deque(anchors)
        self.latest = datetime.min.replace(tzinfo=UTC) + SKEW  # the newest time fixed so far, by a record or an anchor

    def run(self) -> Iterator[Finding]:
        """Everything that is wrong with the rows."""
        fields = [ConsentRecord.__table__.c[name] for name in (*HASHED, "prev_hash", "row_hash")]
        query = select(*fields).where(ConsentRecord.legal_entity_id == self.entity).order_by(ConsentRecord.seq)
        result = self.session.connection().execute(query, execution_options={"yield_per": 1000})
        for found in result:
            row = found._asdict()
            for reason in self._reasons(row):
                yield Finding(self.entity, row["seq"], reason)
            self.records += 1
            self.last_seq, self.last_hash = row["seq"], row["row_hash"]
        yield from self._end()

    def _reasons(self, row: Mapping[str, Any]) -> Iterator[str]:
        if row["seq"] != self.last_seq + 1:
            yield "deleted"
        elif row["prev_hash"] != self.last_hash:
            yield "relinked"
        if row_hash(row, row["prev_hash"]) != row["row_hash"]:
            yield "reordered" if self._was_elsewhere(row) else "edited"
        if self._is_backdated(row):
            yield "backdated"
        if self.signed.get(row["seq"], row["row_hash"]) != row["row_hash"]:
            yield "rewritten"

    def _was_elsewhere(self, row: Mapping[str, Any]) -> bool:
        """True when the row fits its own hash where the row that it says it follows stands, or right behind that one."""
        before = select(ConsentRecord.seq).where(
            ConsentRecord.legal_entity_id == self.entity, ConsentRecord.row_hash == row["prev_hash"]
        )
        places = {place for seq in self.session.scalars(before) for place in (seq, seq + 1)}
        return any(row_hash({**row, "seq": seq}, row["prev_hash"]) == row["row_hash"] for seq in places)

    def _is_backdated(self, row: Mapping[str, Any]) -> bool:
        while self.ahead and self.ahead[0].seq < row["seq"]:
            self.latest = max(self.latest, self.ahead.popleft().signed_at)
        false_date = bool(row["at"] < self.latest - SKEW)
        self.latest = max(self.latest, row["at"])
        return false_date

    def _end(self) -> Iterator[Finding]:
        head = self.session.execute(
            select(ConsentChain.seq, ConsentChain.head_hash).where(ConsentChain.legal_entity_id == self.entity)
        ).first()
        known = max([anchor.seq for anchor in self.anchors] + ([head.seq] if head else []), default=0)
        if known > self.last_seq:
            yield Finding(self.entity, self.last_seq + 1, "tail_cut")
        elif head is None or (head.seq, head.head_hash) != (self.last_seq, self.last_hash):
            yield Finding(self.entity, self.last_seq, "head_changed")


def _wrong_texts(session: Session, legal_entity_id: int) -> Iterator[Finding]:
    """Records whose document, or whose opening, is no longer what they name."""
    bodies = select(ConsentDocument.id, ConsentDocument.body).where(ConsentDocument.legal_entity_id == legal_entity_id)
    hashes = {row.id: sha256_hex(row.body.encode()) for row in session.execute(bodies)}
    own = ConsentRecord.legal_entity_id == legal_entity_id
    shown = select(ConsentRecord.seq, ConsentRecord.document_id, ConsentRecord.document_sha256).where(own)
    for row in session.execute(shown.execution_options(yield_per=1000)):
        if hashes.get(row.document_id) != row.document_sha256:
            yield Finding(legal_entity_id, row.seq, "document_changed")
    opened = (
        select(ConsentRecord.seq, ConsentRecord.commitments, ConsentOpening.opening)
        .join(ConsentOpening, ConsentOpening.opening_id == ConsentRecord.opening_id)
        .where(own)
    )
    for row in session.execute(opened.execution_options(yield_per=1000)):
        if not matches(row.commitments, row.opening):
            yield Finding(legal_entity_id, row.seq, "opening_changed")
