"""Placements: made, found, edited. Their short codes are printed on paper, so they are never changed or reused."""

import re
import secrets
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.acquisition import history
from portal.acquisition.models import SOURCE_KINDS, Source
from portal.acquisition.utm import normalise
from portal.core.errors import PortalError
from portal.venues.models import Venue

# No vowels (no words by accident), nothing that reads as something else on paper: 28 characters.
CODE_ALPHABET = "23456789bcdfghjkmnpqrstvwxyz"
CODE_LENGTH = 7
LABEL_LENGTH = 120
_SHAPE = re.compile(r"[a-z0-9-]{1,16}")
_UTM_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
_AMOUNTS = ("printed_count", "plan_kopecks", "plan_members")


def find_by_code(session: Session, code: str) -> Source | None:
    """The placement of a printed code, retired or not, in whatever case it was typed."""
    wanted = code.strip().lower()
    if not _SHAPE.fullmatch(wanted):  # a NUL would make PostgreSQL refuse the query
        return None
    return session.scalars(select(Source).where(Source.code == wanted)).one_or_none()


def list_for_venue(session: Session, venue_id: int, *, with_retired: bool = True) -> list[Source]:
    """Placements of a venue, the oldest first."""
    query = select(Source).where(Source.venue_id == venue_id).order_by(Source.id)
    return list(session.scalars(query if with_retired else query.where(Source.retired_at.is_(None))))


def create(session: Session, venue: Venue, kind: str, label: str, now: datetime, *, who: str = "", **fields: str | int) -> Source:
    """Make a placement with a new short code. `fields` are those that `edit` takes, `who` stands in its history.

    Without its own utm_source it answers to its kind (`table-tent`). Raises PortalError as `edit` does.
    """
    source = Source(
        organization_id=venue.organization_id, venue_id=venue.id, code=_new_code(session), kind=kind, label=label, created_at=now
    )
    _apply(source, {"kind": kind, "label": label, **fields, "utm_source": fields.get("utm_source") or kind})
    session.add(source)
    session.flush()
    history.note(session, source, "created", now, who, became=source.label)
    return source


def edit(session: Session, source: Source, now: datetime, *, who: str = "", **fields: str | int) -> None:
    """Change kind, label, utm_source, utm_medium, utm_campaign, utm_content, printed_count, plan_kopecks or plan_members.

    History keeps the label that it had. Raises PortalError `unknown_kind`, `bad_label` or `bad_amount`, and TypeError for
    any other field.
    """
    was = source.label
    _apply(source, fields)
    if source.label != was:
        history.note(session, source, "renamed", now, who, was=was, became=source.label)
    session.flush()


def _apply(source: Source, fields: dict[str, str | int]) -> None:
    for name, value in fields.items():
        setattr(source, name, _checked(name, value))


def _checked(name: str, value: str | int) -> str | int:
    if name == "kind" and value not in SOURCE_KINDS:
        raise PortalError("unknown_kind", kind=value)
    if name in _AMOUNTS:
        return _amount(name, value)
    if name in _UTM_FIELDS:
        return normalise(str(value))
    if name == "label":
        return _label(str(value))
    if name != "kind":
        raise TypeError(f"a source has no editable {name}")
    return value


def _amount(name: str, value: str | int) -> int:
    if not isinstance(value, int) or not 0 <= value < 10**12:
        raise PortalError("bad_amount", field=name)
    return value


def _label(value: str) -> str:
    label = " ".join("".join(c for c in value if c.isprintable() or c.isspace()).split())
    if not 0 < len(label) <= LABEL_LENGTH:
        raise PortalError("bad_label")
    return label


def _new_code(session: Session) -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        if not session.scalar(select(exists().where(Source.code == code))):
            return code
