"""Letters waiting to leave. A row is committed together with what it is about; the worker takes it from there."""

from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from portal.mail.models import MailMessage

KEPT = timedelta(days=90)


class Addressee(Protocol):
    """Whom a letter is for: a row of the staff."""

    id: Any
    organization_id: Any


class SecretLink(Protocol):
    """What a letter with a link in it is about: a row of which the link is derived as the letter leaves."""

    id: Any
    kind: Any
    public_id: Any


def queue(session: Session, user: Addressee, kind: str, reference: str, facts: dict[str, Any], now: datetime) -> bool:
    """Write a letter of a kind that a composer is registered for; `facts` are ids and days, nothing secret.

    False, and nothing written, when there is one with this reference already. ValueError for a reference over 60 characters.
    """
    if not 0 < len(reference) <= 60:
        raise ValueError("a reference has 1 to 60 characters")
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else pg_insert
    row = {
        "organization_id": user.organization_id, "staff_user_id": user.id, "reference": reference, "kind": kind,
        "facts": facts, "status": "queued", "attempts": 0, "queued_at": now, "look_at": now,
    }  # fmt: skip
    fresh = insert(MailMessage).values(row).on_conflict_do_nothing(index_elements=["reference"]).returning(MailMessage.id)
    return session.connection().execute(fresh).first() is not None


def queue_link(session: Session, user: Addressee, link: SecretLink, now: datetime) -> bool:
    """Write the letter that brings a link for a password."""
    return queue(session, user, link.kind, f"{link.kind}:{link.public_id}", {"invitation": link.id}, now)


def status_of(session: Session, reference: str) -> str | None:
    """queued | sending | sent | failed | unknown; None when there is no such letter."""
    return session.scalar(select(MailMessage.status).where(MailMessage.reference == reference))


def is_due(session: Session, now: datetime) -> bool:
    """Whether anything is to be looked at; writes nothing."""
    return session.scalar(select(MailMessage.id).where(MailMessage.look_at <= now).limit(1)) is not None


def forget_old(session: Session, now: datetime) -> int:
    """Delete letters of a season ago; returns how many."""
    return session.connection().execute(delete(MailMessage).where(MailMessage.queued_at < now - KEPT)).rowcount
