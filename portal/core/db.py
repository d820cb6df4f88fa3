"""The database: typed base, times, one transaction per door, and no network inside it.

SQLite begins writing doors with BEGIN IMMEDIATE: a plain BEGIN that reads and then writes loses most concurrent
transactions to "database is locked" at once, whatever the busy timeout says.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, cast

from pydantic_core import from_json, to_json
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from portal.core import statements
from portal.core.errors import NetworkInsideTransaction
from portal.core.glances import Glances
from portal.core.kept import WRITES, KeptSessions
from portal.core.turn import Lane, Turn

_open_transaction: ContextVar[bool] = ContextVar("open_transaction", default=False)


OVERFLOW = 8  # connections beyond the pool's size, in a crowd
_PRAGMAS = (
    "journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON", "recursive_triggers=ON",
    "wal_autocheckpoint=4000",  # pages: 16 MB. Guests write the same pages again and again; each is brought home once
)  # fmt: skip
_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases (SQLite gives naive ones back); refuses naive values."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("naive time")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


BigId = BigInteger().with_variant(Integer, "sqlite")
Pk = Annotated[int, mapped_column(BigId, primary_key=True)]


class Base(DeclarativeBase):
    """Every table. Constraint names follow one rule, so that a violation can be mapped to an error by name."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Any] = {datetime: UtcDateTime(), dict[str, Any]: JSON, int: BigId}

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        cast(Table, cls.__table__).dialect_options["sqlite"]["strict"] = True


# STRICT tables know only INTEGER, REAL, TEXT, BLOB and ANY.
@compiles(String, "sqlite")
@compiles(Enum, "sqlite")
@compiles(DateTime, "sqlite")
@compiles(Date, "sqlite")
@compiles(JSON, "sqlite")
@compiles(Numeric, "sqlite")
def _as_text(element: Any, compiler: Any, **kw: Any) -> str:
    return "TEXT"


@compiles(Boolean, "sqlite")
@compiles(BigInteger, "sqlite")
def _as_integer(element: Any, compiler: Any, **kw: Any) -> str:
    return "INTEGER"


def as_json(value: Any) -> str:
    """As a JSON column holds it."""
    return to_json(value).decode()


# Pydantic's reader and writer of JSON: a form reads and writes seven such columns, an eighth of its time with the standard ones.
_JSON: dict[str, Any] = {"json_serializer": as_json, "json_deserializer": from_json}


def make_engine(url: str, pool_size: int = 16) -> Engine:
    """An engine with the same promises on SQLite (WAL, synchronous FULL) and PostgreSQL."""
    if not url.startswith("sqlite"):
        # psycopg's own preparing ends with DEALLOCATE ALL, which would take the statements of `core.wire` along.
        # Its just-in-time compiler takes longer over a report than the report itself.
        how = {"prepare_threshold": None, "options": "-c jit=off"}
        engine = create_engine(
            url, pool_size=pool_size, max_overflow=OVERFLOW, pool_pre_ping=True, connect_args=how, hide_parameters=True, **_JSON
        )
        statements.watch(engine)
        return engine
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=OVERFLOW, connect_args={"timeout": 5}, hide_parameters=True, **_JSON
    )
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_sqlite_begin(connection: Any) -> None:
    writes = connection.info.get(WRITES) or connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


class Database:
    """One per process. A door takes `writing()` or `reading()` once; rooms get the session and never commit."""

    def __init__(self, url: str, pool_size: int = 16) -> None:
        self.engine = make_engine(url, pool_size)
        # The rest of the pool is for glances and migrations: neither waits for who waits for them.
        self._sessions = KeptSessions(self.engine, pool_size + OVERFLOW // 2, pool_size)
        self._glances = Glances(self.engine)
        self._turn = Turn(self.engine.url.database) if self.is_sqlite else Turn(None)
        self._lane = Lane()

    @property
    def is_sqlite(self) -> bool:
        """True on the embedded default."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction, committed at the end of the block, rolled back by an exception."""
        with self._lane.taken(), self._session(writes=True) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that reads; nothing is committed."""
        with self._lane.taken(), self._session(writes=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """As `reading`, and everything in it is as of one moment: for reports that add up what several questions answer.

        It may take its time: it is in nobody's way.
        """
        with self._session(writes=False) as session:
            if not self.is_sqlite:  # its reading transactions see one moment anyway
                session.execute(_ONE_MOMENT)
            yield session

    @contextmanager
    def glancing(self) -> Iterator[Glances]:
        """One `Statement` that reads, without a session: for who is asked by routers, thousands of times a minute."""
        mark = _mark()
        try:
            yield self._glances
        finally:
            _open_transaction.reset(mark)

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Session]:
        mark = _mark()
        try:
            with self._turn.taken(writes), self._sessions.transaction(writes=writes) as session:
                yield session
        finally:
            _open_transaction.reset(mark)


def _mark() -> Token[bool]:
    if _open_transaction.get():
        raise RuntimeError("one door, one transaction: a second one was opened inside")
    return _open_transaction.set(True)


def refuse_inside_transaction() -> None:
    """Called before every talk to the network: a slow provider must not hold a connection or a row lock."""
    if _open_transaction.get():
        raise NetworkInsideTransaction("close the transaction before talking to the network")
