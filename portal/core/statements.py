"""Statements on the way of every guest: written in SQLAlchemy, compiled once, then handed to the driver as they stand.

SQLAlchemy's own way through an execution costs several times what the statement itself does, and on SQLite it is spent
while the one write lock is held. On PostgreSQL a round trip is what costs: there the writes that nobody waits for are kept
back, and leave as one statement before the next question or with the commit, and questions are asked together ahead.
Events, errors and lost connections are SQLAlchemy's, as if it had executed the statement.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.core.connected import connection_of
from portal.core.glances import Glances
from portal.core.ready import Ready
from portal.core.wire import Answer, Said, Wire

_KEPT = "vestibule.kept"  # in a connection's info: what waits to be sent
_AHEAD = "vestibule.ahead"  # what was answered before it was asked
_WIRE = "vestibule.wire"  # and how to talk to PostgreSQL
_together: dict[tuple["Ready", ...], str] = {}


class Statement:
    """A Core statement, one for all dialects or one for each. `columns` are those that an INSERT is given.

    Facts name the statement's bind parameters; values that the statement or its table holds itself need not be given.
    A statement that is `apart` reads nothing which another writes: it may leave together with what was kept back.
    """

    def __init__(self, statement: Any, *columns: str, apart: bool = False) -> None:
        self._written = statement if isinstance(statement, Mapping) else None
        self._statement, self._columns, self._apart = statement, list(columns) or None, apart
        self._ready: dict[str, Ready] = {}

    def rows(self, session: Session | Glances, facts: dict[str, Any]) -> list[Any]:
        """Execute now; every row of the answer, named as its columns."""
        if isinstance(session, Glances):
            ready = self._for(session)
            return ready.read(session.fetch(ready.sql, ready.values(facts)))
        connection = connection_of(session)
        ready = self._for(connection)
        values = ready.values(facts)
        if connection.dialect.name != "sqlite":
            known = _answered(connection, ready, values)
            if known is not None:
                return ready.read(known.rows)
            if self._apart:
                _keep(connection, ready, values)
                return ready.read(_send(connection)[0].rows)
        return ready.read(_ask(connection, ready.sql, values).rows)

    def first(self, session: Session | Glances, facts: dict[str, Any]) -> Any:
        """Execute now; the first row of the answer, or None."""
        found = self.rows(session, facts)
        return found[0] if found else None

    def count(self, session: Session, facts: dict[str, Any]) -> int:
        """Execute now; how many rows it concerned."""
        connection = connection_of(session)
        ready = self._for(connection)
        return _ask(connection, ready.sql, ready.values(facts)).count

    def write(self, session: Session, *facts: dict[str, Any]) -> None:
        """Execute, at the latest before the next statement that is not kept back or the commit; for distinct rows."""
        connection = connection_of(session)
        ready = self._for(connection)
        if connection.dialect.name == "sqlite":
            for row in facts:
                _execute(connection, ready.sql, ready.values(row))
            return
        _keep(connection, ready, *(ready.values(row) for row in facts))

    def _for(self, connection: Connection | Glances) -> "Ready":
        name = connection.dialect.name
        if name not in self._ready:
            statement = self._written[name] if self._written else self._statement
            self._ready[name] = Ready(statement, connection.dialect, self._columns)
        return self._ready[name]


Ask = tuple[Statement, dict[str, Any]]


def ask_ahead(session: Session, *asked: Ask) -> None:
    """On PostgreSQL, send questions together, in this order; each is answered when it is then asked with the same facts."""
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        return
    _send(connection)
    _ask_all(connection, asked)


def lead(session: Session, first: Ask, *then: Ask) -> int:
    """How many rows `first` concerned. When it opens a transaction on PostgreSQL, what is to be asked next leaves with it.

    If it concerned none, all of it is undone: what the questions lock must not be held before what comes instead.
    """
    connection = connection_of(session)
    if connection.dialect.name == "sqlite" or not _is_fresh(connection):
        return first[0].count(session, first[1])
    concerned = _ask_all(connection, (first, *then))[0].count
    answers = connection.info[_AHEAD]
    if concerned:
        del answers[0]
    else:
        answers.clear()
        _say(connection, [("ROLLBACK", ())])
    return concerned


def watch(engine: Engine) -> None:
    """On PostgreSQL: nothing kept back may be overtaken or survive its transaction."""
    event.listen(engine, "before_cursor_execute", lambda connection, *_: _send(connection))
    event.listen(engine, "commit", _commit)
    event.listen(engine, "savepoint", lambda connection, _name: _send(connection))
    event.listen(engine, "rollback", _forget)


def _keep(connection: Connection, ready: Ready, *values: list[Any]) -> None:
    kept = connection.info.setdefault(_KEPT, [])
    if any(other.table is ready.table for other, _values in kept):  # one statement must not meet a row twice
        _send(connection)
    kept += [(ready, row) for row in values]


def _send(connection: Connection) -> list[Answer]:
    return _say(connection, [_merged(connection)]) if connection.info.get(_KEPT) else []


def _commit(connection: Connection) -> None:
    """The last writes and their COMMIT in one round trip; the driver's own then finds nothing left to do."""
    connection.info.pop(_AHEAD, None)
    if not connection.info.get(_KEPT):
        return
    try:
        _say(connection, [_merged(connection), ("COMMIT", ())])
    except DBAPIError as error:
        if not error.connection_invalidated:  # SQLAlchemy believes that a transaction whose commit failed is over
            connection.connection.rollback()
        raise


def _merged(connection: Connection) -> Said:
    kept = connection.info[_KEPT]
    statements = tuple(ready for ready, _values in kept)
    values = [value for _ready, values in kept for value in values]
    kept.clear()
    if statements not in _together:
        places = count(1)
        *before, last = (ready.numbered(places) for ready in statements)
        parts = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(before))
        _together[statements] = f"WITH {parts} {last}" if before else last
    return _together[statements], values


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # else it went with the driver's connection
        connection.info.pop(_KEPT, None)
        connection.info.pop(_AHEAD, None)


def _is_fresh(connection: Connection) -> bool:
    raw: Any = connection.connection.dbapi_connection
    return bool(raw.pgconn.transaction_status == TransactionStatus.IDLE) and not connection.info.get(_KEPT)


def _ask_all(connection: Connection, asked: Sequence[Ask]) -> list[Answer]:
    ready = [(statement._for(connection), facts) for statement, facts in asked]
    sent = [(one.sql, one.values(facts)) for one, facts in ready]
    answers = _say(connection, sent)
    known = [(one, values, answer) for (one, _), (_, values), answer in zip(ready, sent, answers, strict=True)]
    connection.info.setdefault(_AHEAD, []).extend(known)
    return answers


def _answered(connection: Connection, ready: Ready, values: list[Any]) -> Answer | None:
    """What was answered ahead; once."""
    answers: list[tuple[Ready, list[Any], Answer]] = connection.info.get(_AHEAD, [])
    for place, (asked, with_values, answer) in enumerate(answers):
        if asked is ready and with_values == values:
            del answers[place]
            return answer
    return None


def _ask(connection: Connection, sql: str, values: list[Any]) -> Answer:
    if connection.dialect.name != "sqlite":
        _send(connection)
        return _say(connection, [(sql, values)])[0]
    cursor = _execute(connection, sql, values)
    return Answer(cursor.fetchall(), cursor.rowcount)


def _execute(connection: Connection, sql: str, values: list[Any]) -> Any:
    """On SQLite."""
    raw: Any = connection.connection.dbapi_connection
    cursor = raw.cursor()
    _announce(connection, cursor, sql, values)
    try:
        return cursor.execute(sql, values)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, raw, sql, error) from error


def _say(connection: Connection, said: Sequence[Said]) -> list[Answer]:
    """On PostgreSQL, all at once."""
    wire = connection.info.get(_WIRE)
    raw: Any = connection.connection.dbapi_connection
    if wire is None:
        wire = connection.info[_WIRE] = Wire(raw)
    for sql, values in said:
        _announce(connection, None, sql, values)
    try:
        return wire.say(said)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, raw, said[0][0], error) from error
    except BaseException as error:
        if raw.closed:
            connection.invalidate(error)
        raise


def _announce(connection: Connection, cursor: Any, sql: str, values: Sequence[Any]) -> None:
    if connection._has_events or connection.engine._has_events:  # as SQLAlchemy asks itself: going through none costs, too
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, sql, values, None, False)


def _wrapped(connection: Connection, raw: Any, sql: str, error: Exception) -> BaseException:
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )  # fmt: skip
