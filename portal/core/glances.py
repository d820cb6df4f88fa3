"""One statement that reads, on a connection kept for nothing else: no session, no transaction, no pool's bookkeeping.

A router waits for its answer, and SQLAlchemy's way to a connection and back costs several times what the statement does.
"""

from collections import deque
from contextlib import suppress
from typing import Any

from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

# The plan is made once for all values. Each of these statements finds its rows by names and ids, each of which has an index:
# on tables that were never analyzed the planner would rather read them whole (41 ms instead of 0.2 at 100,000 sessions), and
# a plan made on such a day would stay.
_ON_POSTGRESQL = (
    "SET plan_cache_mode = force_generic_plan; SET jit = off;"
    " SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off"
)


class Glances:
    """Connections of an engine in autocommit, as many as have ever been in use at once. They end with `engine.dispose()`.

    `core.statements.Statement` reads through it as through a session.
    """

    def __init__(self, engine: Engine) -> None:
        self.dialect = engine.dialect
        self._engine = engine
        self._idle: deque[_Line] = deque()
        event.listen(engine, "engine_disposed", lambda _engine: self._close())

    def fetch(self, sql: str, values: list[Any]) -> list[Any]:
        """Every row. On a connection that was lost meanwhile the question is asked anew; raises SQLAlchemy's errors."""
        try:
            kept = self._idle.pop()
        except IndexError:
            return self._ask(self._connect(), sql, values)
        try:
            return self._ask(kept, sql, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        self._close()  # its neighbours went the same way
        return self._ask(self._connect(), sql, values)

    def _ask(self, line: "_Line", sql: str, values: list[Any]) -> list[Any]:
        try:
            rows = line.ask(sql, values)
        except self.dialect.loaded_dbapi.Error as error:
            raise self._wrapped(line.raw, sql, error) from error
        self._idle.append(line)
        return rows

    def _connect(self) -> "_Line":
        """One that lives: what a connection is told first shows whether it does."""
        while True:
            try:
                pooled = self._engine.raw_connection()
            except self.dialect.loaded_dbapi.Error as error:
                raise self._wrapped(None, "", error) from error
            raw: Any = pooled.dbapi_connection
            try:
                line = _Line(raw) if self.dialect.name == "sqlite" else _Wired(raw)
            except self.dialect.loaded_dbapi.OperationalError as error:
                pooled.invalidate(error)
                continue
            pooled.detach()
            return line

    def _wrapped(self, raw: Any, sql: str, error: Exception) -> DBAPIError:
        lost = raw is not None and self.dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
        with suppress(self.dialect.loaded_dbapi.Error):
            if raw is not None:
                raw.close()  # whatever state it is in, the next question takes a new one
        wrapped = DBAPIError.instance(
            sql, None, error, self.dialect.loaded_dbapi.Error, hide_parameters=True, connection_invalidated=lost,
            dialect=self.dialect,
        )  # fmt: skip
        assert isinstance(wrapped, DBAPIError)
        return wrapped

    def _close(self) -> None:
        while self._idle:
            with suppress(IndexError, self.dialect.loaded_dbapi.Error):
                self._idle.pop().raw.close()


Reader = Session | Glances  # whoever only asks takes either


class _Line:
    """A connection to SQLite, which begins nothing by itself."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def ask(self, sql: str, values: list[Any]) -> list[Any]:
        """Every row. Raises the driver's errors."""
        rows: list[Any] = self.raw.execute(sql, values).fetchall()
        return rows


class _Wired(_Line):
    """One to PostgreSQL, spoken to as libpq does: psycopg's cursor costs as much as the server's work."""

    def __init__(self, raw: Any) -> None:
        super().__init__(raw)
        raw.autocommit = True
        raw.execute(_ON_POSTGRESQL)
        self._pg, self._types = raw.pgconn, Transformer.from_context(raw)
        self._names: dict[str, bytes] = {}

    def ask(self, sql: str, values: list[Any]) -> list[Any]:
        """See `_Line`."""
        name = self._names.get(sql) or self._prepare(sql)
        written = self._types.dump_sequence(values, [PyFormat.TEXT] * len(values))
        result = self._checked(self._pg.exec_prepared(name, written, result_format=Format.BINARY))
        self._types.set_pgresult(result)
        return self._types.load_rows(0, result.ntuples, tuple)

    def _prepare(self, sql: str) -> bytes:
        name = b"glance_%d" % len(self._names)
        self._checked(self._pg.prepare(name, sql.encode()))
        self._names[sql] = name
        return name

    def _checked(self, result: PGresult) -> PGresult:
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result, encoding="utf-8")
        return result
