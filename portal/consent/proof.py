"""A proof of one person's consents that anybody can check without our code: see HOW_TO_CHECK, which goes with it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.consent.anchors import Anchor, stored
from portal.consent.canonical import HASHED, content, written
from portal.consent.models import ConsentDocument, ConsentOpening, ConsentRecord
from portal.consent.receipts import SCHEMA, receipt
from portal.consent.records import subject_of
from portal.consent.signing import PublicKey
from portal.core.errors import PortalError
from portal.core.phone import Phone
from portal.core.tokens import Keys
from portal.venues.models import LegalEntity

FORMAT = "vestibule-consent-proof/1"
HOW_TO_CHECK = (
    "Needed: SHA-256 and Ed25519, nothing of the software that made this file.",
    "Canonical JSON: keys sorted, no spaces, UTF-8, nothing escaped but what JSON requires (RFC 8785).",
    "1. Text. For each of `documents`, SHA-256 of the UTF-8 bytes of `body` is `sha256`; each of this person's records "
    "names that hash as `document_sha256`. Anybody sees the same text at /d/<venue>/<kind>/<version>/<language>.",
    "2. Person. For each of `openings` and each of its names: SHA-256(salt bytes ‖ canonical JSON of `value`) is the value "
    "under that name in `commitments` of the records with that `opening_id`. The phone is the value of `phone`. Openings "
    "that were destroyed at the person's demand are missing; the records stay.",
    "3. Chain. For each item of `chain`: SHA-256(canonical JSON of `content` ‖ `prev_hash` as text) is `row_hash`; within a "
    "segment `prev_hash` is `row_hash` of the item before and `seq` grows by one.",
    "4. Time. Each segment ends at an anchor with the same `seq` and `head_hash`. `signature` is Ed25519 over the canonical "
    "JSON of the anchor without `signature`, by `public_key`. `key_id` is the first 16 hex characters of SHA-256 of the raw "
    "key. So nothing up to that record was changed after `signed_at`. Compare the key, and if possible the anchor, with a "
    "copy that left the operator's house on that day.",
    "5. Meaning. `declared`: the box was ticked. `given`: the phone was then proven as `proof` says; it names the declared "
    "record. `withdrawn` ends the given record that it names. Only `given` without a later `withdrawn` is a consent.",
    "`consent_records` repeats this person's records in the terms of ISO/IEC TS 27560:2023; `chain` is what is signed.",
)


def proof(session: Session, keys: Keys, legal_entity_id: int, phone: Phone, *, key: PublicKey, now: datetime) -> dict[str, Any]:
    """Everything that proves, or disproves, the consents of a phone to a legal entity, as a JSON object.

    Sign the heads first (`anchors.sign_all`). Raises PortalError: `nothing_known`, `not_anchored`.
    """
    subject = subject_of(keys, legal_entity_id, phone)
    own = _records(session, legal_entity_id, ConsentRecord.subject == subject)
    if not own:
        raise PortalError("nothing_known")
    entity = session.get_one(LegalEntity, legal_entity_id)
    wanted = sorted({row["document_id"] for row in own})
    documents = {d.id: d for d in session.scalars(select(ConsentDocument).where(ConsentDocument.id.in_(wanted)))}
    segments = _segments([row["seq"] for row in own], stored(session, legal_entity_id))
    return {
        "format": FORMAT,
        "schema_version": SCHEMA,
        "generated_at": written(now),
        "how_to_check": HOW_TO_CHECK,
        "subject": subject,
        "consent_records": [receipt(row, documents[row["document_id"]], entity) for row in own],
        "documents": [_text(document) for document in documents.values()],
        "openings": _openings(session, sorted({row["opening_id"] for row in own})),
        "chain": [[_link(row) for row in _between(session, legal_entity_id, first, anchor.seq)] for first, anchor in segments],
        "anchors": [anchor.line for _first, anchor in segments],
        "public_key": {"key_id": key.key_id, "algorithm": "Ed25519", "pem": key.pem},
    }


def _segments(seqs: Sequence[int], anchors: Sequence[Anchor]) -> list[tuple[int, Anchor]]:
    """From the first record of the person that an anchor covers up to that anchor, for each anchor that is needed."""
    segments: list[tuple[int, Anchor]] = []
    for seq in seqs:
        if segments and seq <= segments[-1][1].seq:
            continue
        covering = next((anchor for anchor in anchors if anchor.seq >= seq), None)
        if covering is None:
            raise PortalError("not_anchored", seq=seq)
        segments.append((seq, covering))
    return segments


def _records(session: Session, legal_entity_id: int, *which: Any) -> list[dict[str, Any]]:
    fields = [ConsentRecord.__table__.c[name] for name in (*HASHED, "prev_hash", "row_hash")]
    query = select(*fields).where(ConsentRecord.legal_entity_id == legal_entity_id, *which).order_by(ConsentRecord.seq)
    return [row._asdict() for row in session.connection().execute(query)]


def _between(session: Session, legal_entity_id: int, first: int, last: int) -> list[dict[str, Any]]:
    return _records(session, legal_entity_id, ConsentRecord.seq.between(first, last))


def _link(row: dict[str, Any]) -> dict[str, Any]:
    """A record as it is hashed. Other people's records in a segment are pseudonyms and salted hashes."""
    return {"content": content(row), "prev_hash": row["prev_hash"], "row_hash": row["row_hash"]}


def _text(document: ConsentDocument) -> dict[str, Any]:
    return {
        "document_id": document.id,
        "kind": document.kind,
        "version": document.version,
        "language": document.language,
        "title": document.title,
        "published_at": written(document.published_at) if document.published_at else None,
        "sha256": document.sha256,
        "body": document.body,
    }


def _openings(session: Session, opening_ids: list[str]) -> dict[str, Any]:
    found = select(ConsentOpening).where(ConsentOpening.opening_id.in_(opening_ids))
    return {opening.opening_id: opening.opening for opening in session.scalars(found)}
