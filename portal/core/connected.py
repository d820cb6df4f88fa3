"""A session's connection, for statements that go around the session."""

from sqlalchemy import Connection
from sqlalchemy.orm import Session

CONNECTION = "vestibule.connection"  # in a session's info


def connection_of(session: Session) -> Connection:
    """Looked up once a transaction: SQLAlchemy's own way to it is as long as a short statement."""
    known: Connection | None = session.info.get(CONNECTION)
    if known is None or known.closed:
        known = session.info[CONNECTION] = session.connection()
    return known
