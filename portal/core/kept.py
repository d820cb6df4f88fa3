"""Sessions kept with their connections between transactions: SQLAlchemy's way to both and back takes as long as a statement."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, RootTransaction
from sqlalchemy.orm import Session

from portal.core.connected import CONNECTION

RESTED_SECONDS = 1.0
WRITES = "vestibule.writes"  # in a connection's info: whether the transaction will


class KeptSessions:
    """As many as have ever been in use at once, the last one used first. They end with `engine.dispose()`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._idle: deque[_Line] = deque()
        event.listen(engine, "engine_disposed", lambda _engine: self._close())

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[Session]:
        """One: committed at the end of the block if it `writes`, rolled back otherwise and by an exception."""
        line = self._take()
        try:
            with line.begun(writes) as session:
                yield session
        finally:
            self._put(line)

    def _take(self) -> "_Line":
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return _Line(self._engine.connect())
            if self._is_sqlite or time.monotonic() - line.used_at < RESTED_SECONDS or self._lives(line):
                return line
            line.end()
            self._close()  # its neighbours went the same way

    def _lives(self, line: "_Line") -> bool:
        """Asked of a connection that has rested; of one in steady use it is not worth a round trip each time."""
        try:
            return self._engine.dialect.do_ping(line.connection.connection.dbapi_connection)  # type: ignore[arg-type]
        except self._engine.dialect.loaded_dbapi.Error:
            return False

    def _put(self, line: "_Line") -> None:
        if line.connection.invalidated:
            line.end()
            self._close()
        elif line.is_clean():
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
                self._commit(transaction)
        finally:
            if session.in_transaction() or session.identity_map:
                session.close()
            if self.connection.get_transaction() is not None:  # one whose commit failed is inactive, and still there
                self.connection.rollback()

    def _commit(self, transaction: RootTransaction) -> None:
        if self.session.in_transaction():
            self.session.commit()
        if transaction.is_active:
            transaction.commit()

    def is_clean(self) -> bool:
        """Nothing of the last transaction is left for the next one."""
        options = self.connection.get_execution_options() == self.connection.engine.get_execution_options()
        return options and self.connection.get_transaction() is None

    def end(self) -> None:
        """For good: the pool does not get it back."""
        self.connection.invalidate()
        self.connection.close()
