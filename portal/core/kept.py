"""Sessions kept with their connections between transactions: SQLAlchemy's way to both and back takes as long as a statement."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from portal.core.connected import CONNECTION

RESTED_SECONDS = 1.0
WAIT_SECONDS = 30.0
WRITES = "vestibule.writes"  # in a connection's info or options: whether its transaction will; SQLite begins it so
_AFTER = "vestibule.after"  # in a session's info: what is to be done once its transaction is committed


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Do this once the transaction is committed; never if it is rolled back."""
    session.info.setdefault(_AFTER, []).append(act)


class KeptSessions:
    """At most `most` at once, of which `idle` stay; the last one used comes first. Those at rest end with `engine.dispose()`."""

    def __init__(self, engine: Engine, most: int, idle: int) -> None:
        self._engine, self._most_idle = engine, idle
        self._idle: deque[_Line] = deque()
        self._places = threading.Semaphore(most)
        event.listen(engine, "engine_disposed", lambda _engine: self._close())

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[Session]:
        """One: committed at the end of the block if it `writes`, rolled back otherwise and by an exception.

        Raises SQLAlchemy's TimeoutError when there has been no connection for half a minute.
        """
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise PoolTimeout("every connection is in use")
        try:
            line = self._take()
            try:
                with line.begun(writes) as session:
                    yield session
            finally:
                self._put(line)
        finally:
            self._places.release()

    def _take(self) -> "_Line":
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return _Line(self._engine.connect())
            if line.is_sqlite or time.monotonic() - line.used_at < RESTED_SECONDS or self._lives(line):
                return line
            line.end()
            self._close()  # its neighbours went the same way

    def _lives(self, line: "_Line") -> bool:
        """Asked of a connection that has rested; of one in steady use it is not worth a round trip each time."""
        try:
            return self._engine.dialect.do_ping(line.raw)
        except self._engine.dialect.loaded_dbapi.Error:
            return False

    def _put(self, line: "_Line") -> None:
        if line.connection.invalidated:
            line.end()
            self._close()
        elif line.is_clean() and len(self._idle) < self._most_idle:
            line.used_at = time.monotonic()
            self._idle.append(line)
        else:
            line.end()

    def _close(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().end()


class _Line:
    """A session and its connection. Statements go to the connection; the session joins when objects are used."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.raw: Any = connection.connection.dbapi_connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.session = Session(connection, expire_on_commit=False, join_transaction_mode="control_fully")
        self.session.info[CONNECTION] = connection
        self.used_at = time.monotonic()

    @contextmanager
    def begun(self, writes: bool) -> Iterator[Session]:
        """A transaction from here to the end of the block."""
        self.connection.info[WRITES] = writes
        transaction, session = self.connection.begin(), self.session
        try:
            yield session
            if writes:
                if session.in_transaction():
                    session.commit()
                if transaction.is_active:
                    transaction.commit()
                for act in session.info.pop(_AFTER, ()):
                    act()
        finally:
            self._finish()

    def _finish(self) -> None:
        """Whatever is left of the transaction: all of it, unless it was committed."""
        self.session.info.pop(_AFTER, None)
        try:
            if self.session.in_transaction() or self.session.identity_map:
                self.session.close()
        finally:
            # For SQLAlchemy one whose commit failed is over; the server may be of another opinion, see `is_clean`.
            if self.connection.get_transaction() is not None:
                self.connection.rollback()

    def is_clean(self) -> bool:
        """Nothing of the last transaction is left for the next one."""
        left = self.session.in_transaction() or self.connection.get_transaction() is not None
        options = self.connection.get_execution_options() == self.connection.engine.get_execution_options()
        return options and not left and self._is_idle()

    def _is_idle(self) -> bool:
        """As the driver sees it."""
        if self.is_sqlite:
            return not self.raw.in_transaction
        return bool(self.raw.pgconn.transaction_status == TransactionStatus.IDLE)

    def end(self) -> None:
        """For good: the pool does not get it back, and whatever it held is let go."""
        self.connection.invalidate()
        self.connection.close()
