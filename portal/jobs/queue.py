"""The way to the worker. Its payload is ids only, as JSON; a lost entry is only late, because the outbox is swept."""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from huey import Huey
from huey.api import Task, TaskWrapper
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, SqliteStorage
from sqlalchemy.engine import make_url

from portal.core.config import Settings

QUEUE_FILE = "queue.db"
SCHEMA = "vestibule_queue"  # on PostgreSQL, apart from the tables that migrations own
_NAME = "vestibule"
_log = logging.getLogger(__name__)


class JsonMessages(Serializer):  # type: ignore[misc]
    """Huey pickles by default: whoever could write to the queue could run code in the worker."""

    def _serialize(self, message: Any) -> bytes:
        return json.dumps(list(message)).encode()

    def _deserialize(self, stored: bytes) -> Any:
        return Message(*json.loads(bytes(stored)))


class _OwnFile(SqliteStorage):  # type: ignore[misc]
    """The outbox is what must not be lost; the queue may skip a flush per entry."""

    def _create_connection(self) -> Any:
        connection = super()._create_connection()
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def enqueue_all(self, entries: Sequence[bytes]) -> None:
        """In one transaction."""
        rows = [(self.name, self.to_blob(entry), 0) for entry in entries]
        with self.db(commit=True) as cursor:
            cursor.executemany("INSERT INTO task (queue, data, priority) VALUES (?, ?, ?)", rows)


class _OwnSchema(PostgresStorage):  # type: ignore[misc]
    def enqueue_all(self, entries: Sequence[bytes]) -> None:
        """In one statement: huey's own four round trips an entry would be spent beside every form."""
        statement = (
            "WITH entered AS (INSERT INTO {} (queue, data, priority) SELECT %s, unnest(%s::bytea[]), 0) SELECT pg_notify(%s, '')"
        )
        with self.db() as cursor:  # its connections are in autocommit
            cursor.execute(statement.format(self.table_task), (self.name, list(entries), self.channel))


class Queue(Huey):  # type: ignore[misc]
    """Two tasks about messages. Only the worker gives them work to run; every other process fills the queue."""

    def __init__(self, storage: type, work: "Work", **where: object) -> None:
        super().__init__(_NAME, results=False, serializer=JsonMessages(), storage_class=storage, **where)

        # Functions of this module: a task's stored name holds its module, which filler and worker must share.
        @self.task()
        def deliver(message_id: int) -> None:
            work.deliver(message_id)

        @self.task()
        def look_after(message_id: int) -> None:
            work.look_after(message_id)

        self.deliver, self.look_after = deliver, look_after

    def enqueue_all(self, tasks: Sequence[Task]) -> None:
        """Many at once, which huey knows only one by one."""
        self.storage.enqueue_all([self.serialize_task(task) for task in tasks])


class Work:
    """What the tasks run; this one is for processes that must not run them."""

    def deliver(self, message_id: int) -> None:
        """Send a queued message."""
        raise RuntimeError("this process only fills the queue")

    def look_after(self, message_id: int) -> None:
        """Bring a message of the outbox further."""
        raise RuntimeError("this process only fills the queue")


def make_queue(settings: Settings, work: Work | None = None) -> Queue:
    """A queue in its own SQLite file (mode 0600), or on PostgreSQL when the database is there."""
    work = work or Work()
    if settings.database_url.startswith("postgresql"):
        dsn = make_url(settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        options = f"-c search_path={SCHEMA} -c synchronous_commit=off"  # the outbox is what must not be lost
        with _alone(dsn):
            return Queue(_OwnSchema, work, connection=lambda: psycopg.connect(dsn, options=options))
    path = settings.data_dir / QUEUE_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return Queue(_OwnFile, work, filename=str(path))


def enqueue_deliveries(queue: Queue, message_ids: Sequence[int]) -> None:
    """Hand committed messages to the worker. Never raises: what does not get through is swept up within seconds."""
    _enqueue(queue, queue.deliver, message_ids)


def enqueue_look(queue: Queue, message_id: int) -> None:
    """Have the worker look after a message that the sweep found."""
    _enqueue(queue, queue.look_after, [message_id])


def queue_answers(queue: Queue) -> bool:
    """Whether the queue can be read now."""
    try:
        queue.pending_count()
    except Exception:
        _log.exception("the queue does not answer")
        return False
    return True


def _enqueue(queue: Queue, task: TaskWrapper, message_ids: Sequence[int]) -> None:
    try:
        queue.enqueue_all([task.s(message_id) for message_id in message_ids])
    except Exception:  # storages raise their drivers' own errors
        _log.exception("messages %s did not reach the queue; the sweep will take them", list(message_ids))


@contextmanager
def _alone(dsn: str) -> Iterator[None]:
    """Make the schema, and hold off other processes that start now: PostgreSQL's IF NOT EXISTS is no protection."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (SCHEMA,))
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        yield
