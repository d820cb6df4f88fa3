"""Declare at the form, give with the proven phone, withdraw at any time. Only `given` counts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, select
from sqlalchemy.orm import Session

from portal.consent.canonical import HASHED
from portal.consent.chain import append, ask_head, keep_opening, lock_head
from portal.consent.evidence import Evidence, commit
from portal.consent.models import KIND_OF_PURPOSE, PURPOSES, ConsentDocument, ConsentRecord
from portal.core.errors import PortalError
from portal.core.phone import Phone
from portal.core.statements import Ask, Statement
from portal.core.tokens import Keys, random_id
from portal.venues.models import LegalEntity, Venue

_R, _D = ConsentRecord.__table__.c, ConsentDocument.__table__.c
_SHOWN = Statement(
    select(_D.id, _D.kind, _D.version, _D.sha256).where(
        _D.id == bindparam("number"), _D.venue_id == bindparam("venue"), _D.published_at.is_not(None)
    )
)
MOST_TEXTS = 5000
_texts: dict[tuple[Any, int, int], Any] = {}
_HASHED_COLUMNS = [_R[name] for name in HASHED]
_OF_SUBJECT = (
    select(*_HASHED_COLUMNS)
    .where(_R.legal_entity_id == bindparam("entity"), _R.subject == bindparam("subject"), _R.event != "declared")
    .order_by(_R.seq)
)


@dataclass(frozen=True, slots=True)
class Box:
    """One ticked box: one purpose, one document, one control of the page. An empty box is not a Box at all."""

    purpose: str
    document_id: int
    control: str


@dataclass(frozen=True, slots=True)
class InForce:
    """A consent that was given and not withdrawn, with the text that it was given to."""

    purpose: str
    document: ConsentDocument
    given_at: datetime
    record_id: str


def subject_of(keys: Keys, legal_entity_id: int, phone: Phone) -> str:
    """The keyed pseudonym of a phone within a legal entity: what a record holds instead of the number."""
    return keys.keyed_hash(f"consent:{legal_entity_id}", phone.e164)


def ask_to_declare(legal_entity_id: int, boxes: Sequence[Box]) -> list[Ask]:
    """What `declare` will ask, to be asked ahead."""
    return [ask_head(legal_entity_id)] if boxes else []


def ask_to_give(legal_entity_id: int) -> Ask:
    """What `give` will ask, to be asked ahead."""
    return ask_head(legal_entity_id)


def of_verification(number: Any) -> Select[Any]:
    """Every record of one verification, in the order of the chain. `number` is its id, or SQL that finds it."""
    return select(*_HASHED_COLUMNS).where(_R.verification_id == number).order_by(_R.seq)


def declare(
    session: Session,
    keys: Keys,
    venue: Venue,
    boxes: Sequence[Box],
    *,
    verification_id: int,
    visit_id: str,
    language: str,
    evidence: Evidence,
    now: datetime,
) -> None:
    """Record the boxes ticked on a form, bound to the verification that may prove them. No boxes, nothing happens.

    Raises PortalError: `wrong_document` (not a published document of this venue for that purpose), `merged_boxes`.
    """
    if not boxes:
        return
    shown = _shown(session, venue.id, boxes)
    commitments, opening = commit(evidence)
    act = {
        "organization_id": venue.organization_id,
        "legal_entity_id": venue.legal_entity_id,
        "venue_id": venue.id,
        "event": "declared",
        "language": language,
        "visit_id": visit_id,
        "verification_id": verification_id,
        "declared_record_id": None,
        "proof": None,
        "subject": subject_of(keys, venue.legal_entity_id, evidence.phone),
        "opening_id": random_id(),
        "commitments": commitments,
        "at": now,
    }
    rows = [act | {"purpose": box.purpose, "control": box.control} | shown[box.document_id] for box in boxes]
    keep_opening(session, act, opening)
    append(session, lock_head(session, venue.organization_id, venue.legal_entity_id), rows)


def still_declared(rows: Sequence[Mapping[str, Any]], ticked: Collection[str] = PURPOSES) -> list[Mapping[str, Any]]:
    """Of a verification's records, what its proof turns into given: the last of each purpose, unless it was given before.

    `ticked`: the purposes whose boxes were ticked when the form was sent last.
    """
    completed = {row["declared_record_id"] for row in rows}
    open_ones = [row for row in rows if row["event"] == "declared" and row["record_id"] not in completed]
    return list({row["purpose"]: row for row in open_ones if row["purpose"] in ticked}.values())


def give(session: Session, declared: Sequence[Mapping[str, Any]], proof: str, now: datetime) -> tuple[str, ...]:
    """The phone was proven: record what is `still_declared` as given, and return the purposes.

    Called in the completing transaction, behind the lock of the verification that was asked for the declarations. `proof`
    names how the phone was proven ("sms").
    """
    if not declared:
        return ()
    head = lock_head(session, declared[0]["organization_id"], declared[0]["legal_entity_id"])
    append(session, head, [_following(row, "given", row["control"], proof, now) for row in declared])
    return tuple(row["purpose"] for row in declared)


def withdraw(session: Session, keys: Keys, legal_entity_id: int, phone: Phone, purpose: str, control: str, now: datetime) -> bool:
    """End a consent that is in force. False when there was none. `control` says where ("me:withdraw", "staff:letter")."""
    entity = session.get_one(LegalEntity, legal_entity_id)
    head = lock_head(session, entity.organization_id, legal_entity_id)
    row = _standing(session, keys, legal_entity_id, phone).get(purpose)
    if row is None:
        return False
    append(session, head, [_following(row, "withdrawn", control, None, now)])
    return True


def in_force(session: Session, keys: Keys, legal_entity_id: int, phone: Phone) -> list[InForce]:
    """Every consent of a phone that was given to a legal entity and not withdrawn."""
    standing = _standing(session, keys, legal_entity_id, phone)
    ids = {row["document_id"] for row in standing.values()}
    if not ids:
        return []
    documents = {d.id: d for d in session.scalars(select(ConsentDocument).where(ConsentDocument.id.in_(ids)))}
    return [InForce(p, documents[row["document_id"]], row["at"], row["record_id"]) for p, row in standing.items()]


def _shown(session: Session, venue_id: int, boxes: Sequence[Box]) -> dict[int, dict[str, Any]]:
    """Version and hash of each box's document, or a refusal: a box must not confirm two texts, nor a foreign one."""
    ids = {box.document_id for box in boxes}
    if not len(ids) == len({box.control for box in boxes}) == len({box.purpose for box in boxes}) == len(boxes):
        raise PortalError("merged_boxes")
    found = {number: text for number in ids if (text := _text(session, venue_id, number))}
    for box in boxes:
        if box.document_id not in found or found[box.document_id].kind != KIND_OF_PURPOSE.get(box.purpose):
            raise PortalError("wrong_document", purpose=box.purpose)
    return {
        row.id: {"document_id": row.id, "document_version": row.version, "document_sha256": row.sha256} for row in found.values()
    }


def _text(session: Session, venue_id: int, document_id: int) -> Any:
    """What a record says of a published document. Kept: triggers hold these columns still for ever."""
    key = (session.get_bind().engine, venue_id, document_id)
    if key not in _texts:
        found = _SHOWN.first(session, {"number": document_id, "venue": venue_id})
        if found is None:
            return None
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        _texts[key] = found
    return _texts[key]


def _following(row: Mapping[Any, Any], event: str, control: str, proof: str | None, now: datetime) -> dict[str, Any]:
    """The next record about the same act: same text, same person, same evidence."""
    return dict(row) | {"event": event, "control": control, "proof": proof, "declared_record_id": row["record_id"], "at": now}


def _standing(session: Session, keys: Keys, legal_entity_id: int, phone: Phone) -> dict[str, RowMapping]:
    """The last `given` of each purpose that no `withdrawn` follows."""
    subject = subject_of(keys, legal_entity_id, phone)
    standing: dict[str, RowMapping] = {}
    for row in session.connection().execute(_OF_SUBJECT, {"entity": legal_entity_id, "subject": subject}).mappings():
        if row["event"] == "given":
            standing[row["purpose"]] = row
        else:
            standing.pop(row["purpose"], None)
    return standing
