"""Documents of a venue: drafts made from our texts, versions that never change once published, what is still missing."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.consent import markup, texts
from portal.consent.models import DOCUMENT_KINDS, ConsentDocument
from portal.core.config import Settings
from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.core.tokens import sha256_hex
from portal.venues.models import LegalEntity, Venue

TITLE_MOST = 200  # characters


def published(session: Session, venue_id: int, kind: str, language: str) -> ConsentDocument | None:
    """The text in force: the latest published version in a language."""
    of_kind = (ConsentDocument.venue_id == venue_id, ConsentDocument.kind == kind, ConsentDocument.language == language)
    newest = select(ConsentDocument).where(*of_kind, ConsentDocument.published_at.is_not(None))
    return session.scalar(newest.order_by(ConsentDocument.version.desc()).limit(1))


def in_force(session: Session, venue_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Every text in force at a venue in one query: (kind, language) → (document id, version)."""
    found = session.execute(
        select(ConsentDocument.kind, ConsentDocument.language, ConsentDocument.id, ConsentDocument.version)
        .where(ConsentDocument.venue_id == venue_id, ConsentDocument.published_at.is_not(None))
        .order_by(ConsentDocument.version)
    )
    return {(kind, language): (number, version) for kind, language, number, version in found}


def one_version(session: Session, venue_id: int, kind: str, version: int, language: str) -> ConsentDocument | None:
    """A published version, in force or superseded."""
    return session.scalar(
        select(ConsentDocument).where(
            ConsentDocument.venue_id == venue_id,
            ConsentDocument.kind == kind,
            ConsentDocument.version == version,
            ConsentDocument.language == language,
            ConsentDocument.published_at.is_not(None),
        )
    )


def list_for_venue(session: Session, venue_id: int, *, kind: str | None = None, drafts: bool = True) -> list[ConsentDocument]:
    """Documents of a venue by kind and language, the newest version first."""
    query = select(ConsentDocument).where(ConsentDocument.venue_id == venue_id)
    if kind is not None:
        query = query.where(ConsentDocument.kind == kind)
    if not drafts:
        query = query.where(ConsentDocument.published_at.is_not(None))
    order = (ConsentDocument.kind, ConsentDocument.language.desc(), ConsentDocument.version.desc())
    return list(session.scalars(query.order_by(*order)))


def draft_all(session: Session, venue: Venue, entity: LegalEntity, now: datetime, settings: Settings) -> list[ConsentDocument]:
    """Drafts of every kind and language that a venue lacks; in older drafts, gaps that can be filled by now are filled."""
    known = {(d.kind, d.language): d for d in reversed(list_for_venue(session, venue.id))}
    drafts = []
    for kind in DOCUMENT_KINDS:
        for language in LANGUAGES:
            values = texts.values_for(venue, entity, settings, language)
            document = known.get((kind, language))
            if document is None:
                body = texts.fill(texts.template(kind, language), values)
                drafts.append(_new(session, venue, kind, language, body, now, version=1))
            elif document.published_at is None:
                _write(document, texts.fill(document.body, values))
                drafts.append(document)
    session.flush()
    return drafts


def draft_anew(
    session: Session, venue: Venue, entity: LegalEntity, kind: str, language: str, *, now: datetime, settings: Settings
) -> ConsentDocument:
    """A draft of the next version from our text and today's facts of the venue; it replaces the draft there is."""
    body = texts.fill(texts.template(kind, language), texts.values_for(venue, entity, settings, language))
    return _next(session, venue, kind, language, body, now)


def draft_from(session: Session, document: ConsentDocument, now: datetime) -> ConsentDocument:
    """A draft of the next version with the words of a published one, to be edited; the draft there is stays."""
    draft = _draft(session, document.venue_id, document.kind, document.language)
    if draft is not None:
        return draft
    venue = session.get_one(Venue, document.venue_id)
    return _next(session, venue, document.kind, document.language, document.body, now)


def edit_draft(session: Session, document: ConsentDocument, body: str) -> None:
    """Change the words of a draft; the first line is its title.

    Raises PortalError: `already_published` (make a new version), `empty_document`, `document_too_long`, `title_too_long`.
    """
    if document.published_at is not None:
        raise PortalError("already_published")
    _write(document, body)
    session.flush()


def publish(session: Session, document: ConsentDocument, now: datetime) -> None:
    """Put a draft in force, for good: from now on the database refuses any change to it.

    Raises PortalError: `already_published`, `placeholders_left` (with `names`).
    """
    if document.published_at is not None:
        raise PortalError("already_published")
    gaps = texts.left_empty(document.body)
    if gaps:
        raise PortalError("placeholders_left", names=", ".join(gaps))
    document.published_at = now
    session.flush()


def obstacles_to_live(session: Session, venue: Venue, entity: LegalEntity) -> list[str]:
    """Why a venue cannot go live: `document:<kind>:<language>`, `placeholder:<name>`, `rkn_notification`; empty when it can."""
    there = {(d.kind, d.language) for d in list_for_venue(session, venue.id, drafts=False)}
    missing = [f"document:{k}:{lang}" for k in DOCUMENT_KINDS for lang in LANGUAGES if (k, lang) not in there]
    empty = [name for name, value in texts.identity(venue, entity).items() if not value]
    gaps = [f"placeholder:{name}" for name in empty if name != "rkn_notification"]
    return [*(["rkn_notification"] if "rkn_notification" in empty else []), *gaps, *missing]


def _draft(session: Session, venue_id: int, kind: str, language: str) -> ConsentDocument | None:
    of_kind = (ConsentDocument.venue_id == venue_id, ConsentDocument.kind == kind, ConsentDocument.language == language)
    return session.scalar(select(ConsentDocument).where(*of_kind, ConsentDocument.published_at.is_(None)).limit(1))


def _next(session: Session, venue: Venue, kind: str, language: str, body: str, now: datetime) -> ConsentDocument:
    document = _draft(session, venue.id, kind, language)
    if document is None:
        of_kind = (ConsentDocument.venue_id == venue.id, ConsentDocument.kind == kind, ConsentDocument.language == language)
        last = session.scalar(select(func.max(ConsentDocument.version)).where(*of_kind)) or 0
        document = _new(session, venue, kind, language, body, now, version=last + 1)
    _write(document, body)
    session.flush()
    return document


def _new(session: Session, venue: Venue, kind: str, language: str, body: str, now: datetime, *, version: int) -> ConsentDocument:
    document = ConsentDocument(
        organization_id=venue.organization_id, legal_entity_id=venue.legal_entity_id, venue_id=venue.id, kind=kind,
        language=language, version=version, created_at=now,
    )  # fmt: skip
    _write(document, body)
    session.add(document)
    return document


def _write(document: ConsentDocument, typed: str) -> None:
    body = markup.clean(typed)
    if not body:
        raise PortalError("empty_document")
    if len(body) > markup.MOST:
        raise PortalError("document_too_long", most=markup.MOST)
    if len(markup.title_of(body)) > TITLE_MOST:
        raise PortalError("title_too_long", most=TITLE_MOST)
    document.body = body
    document.title = markup.title_of(body)
    document.sha256 = sha256_hex(body.encode())
