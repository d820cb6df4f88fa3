"""What became of a placement, line by line: its old names, where it pointed, who did it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition.models import Source, SourceEvent

KINDS = ("created", "renamed", "paused", "resumed", "repointed", "merged", "parted", "retired", "reactivated")


def note(session: Session, source: Source, kind: str, now: datetime, who: str, *, was: str = "", became: str = "") -> None:
    """Add a line; `was` and `became` are names, as they were at that moment."""
    session.add(
        SourceEvent(
            organization_id=source.organization_id, source_id=source.id, kind=kind, was=was, became=became, who=who[:200], at=now
        )
    )


def of_source(session: Session, source: Source) -> list[SourceEvent]:
    """The newest line first."""
    newest = (SourceEvent.at.desc(), SourceEvent.id.desc())
    return list(session.scalars(select(SourceEvent).where(SourceEvent.source_id == source.id).order_by(*newest)))
