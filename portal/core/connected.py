"""A session's connection, for statements that go around the session."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

CONNECTION = "vestibule.connection"  # in a session's info


def connection_of(session: Session) -> Connection:
    """As its door noted it: SQLAlchemy's own way to a session's connection is as long as a short statement."""
    known: Connection | None = session.info.get(CONNECTION)
    return session.connection() if known is None else known
