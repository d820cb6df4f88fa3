"""PostgreSQL at the level of its protocol: what is said together leaves in one packet, prepared once per connection.

psycopg's cursors wake the server for every statement of a pipeline, wait for BEGIN, and look through a long statement for
its placeholders each time, which is more work than the statements. Connections, types and errors remain psycopg's.
"""

import select
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from psycopg import Connection, Error, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

Said = tuple[str, Sequence[Any]]
_FAILED = (ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED)


@dataclass(frozen=True, slots=True)
class Answer:
    """To one statement: its rows, and how many it concerned."""

    rows: list[Any]
    count: int


class Wire:
    """One connection, for one thread at a time. Statements have their places numbered: $1, $2."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._connection, self._pg = connection, connection.pgconn
        self._types = Transformer.from_context(connection)
        self._names: dict[str, bytes] = {}
        self._numbers = count()
        self._socket = select.poll()

    def say(self, said: Sequence[Said]) -> list[Answer]:
        """Send statements together, with the transaction's BEGIN; their answers in this order, or the first error."""
        if self._pg.transaction_status == TransactionStatus.IDLE:
            return self._exchange([("BEGIN", ()), *said])[1:]
        return self._exchange(said)

    def _exchange(self, said: Sequence[Said]) -> list[Answer]:
        values = [self._types.dump_sequence(row, [PyFormat.TEXT] * len(row)) for _sql, row in said]
        self._pg.enter_pipeline_mode()
        try:
            new = [self._send(sql, row) for (sql, _row), row in zip(said, values, strict=True)]
            self._pg.pipeline_sync()
            while self._pg.flush():
                self._wait(select.POLLIN | select.POLLOUT)
            results = self._results()
        except BaseException:  # answers that nobody has read are on their way: nothing else can be said here
            self._connection.close()
            raise
        self._pg.exit_pipeline_mode()
        return self._read([sql for sql, _row in said], new, iter(results))

    def _send(self, sql: str, values: Sequence[Any]) -> bool:
        """True when it had to be prepared, to which there is an answer, too."""
        new = sql not in self._names
        if new:
            self._names[sql] = b"vestibule_%d" % next(self._numbers)
            self._pg.send_prepare(self._names[sql], sql.encode())
        self._pg.send_query_prepared(self._names[sql], values)
        return new

    def _wait(self, wanted: int) -> None:
        self._socket.register(self._pg.socket, wanted)
        self._socket.poll()
        self._pg.consume_input()

    def _results(self) -> list[PGresult]:
        """All until the end of the pipeline."""
        found: list[PGresult] = []
        while True:
            while self._pg.is_busy():
                self._wait(select.POLLIN)
            result = self._pg.get_result()
            if result is None:
                if self._pg.status == ConnStatus.BAD:
                    raise OperationalError("the connection is lost")
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return found
            else:
                found.append(result)
                self._pg.get_result()  # the None that ends its answer: it is here with it

    def _read(self, said: Sequence[str], new: Sequence[bool], results: Iterator[PGresult]) -> list[Answer]:
        answers, failed = [], None
        for sql, is_new in zip(said, new, strict=True):
            result = next(results)
            if is_new:
                if result.status in _FAILED:
                    del self._names[sql]
                failed, result = failed or self._error(result), next(results)
            failed = failed or self._error(result)
            if failed is None:
                answers.append(self._answer(result))
        if failed is not None:
            raise failed
        return answers

    def _error(self, result: PGresult) -> Error | None:
        return error_from_result(result, encoding="utf-8") if result.status == ExecStatus.FATAL_ERROR else None

    def _answer(self, result: PGresult) -> Answer:
        rows: list[Any] = []
        if result.ntuples:
            self._types.set_pgresult(result)
            rows = self._types.load_rows(0, result.ntuples, tuple)
        return Answer(rows, result.command_tuples or 0)
