"""A21: a signup where everything goes wrong, and neither log nor queue holds the phone, a code or a key."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.app import create_app
from portal.core.db import Database
from portal.core.logging import NOISY, Redacted
from portal.jobs.deliveries import Deliveries
from portal.jobs.house import House as WorkersHouse
from portal.jobs.queue import QUEUE_FILE, SCHEMA, Queue, enqueue_deliveries, enqueue_look, make_queue
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from portal.sms.senders.base import BadCredentials, GateDown, NoMoney, OutgoingSms, Refused, Throttled, Unknown
from tests.support.canary import Canary, found_in
from tests.support.recording_sender import RecordingSender
from tests.support.signups import E164, World, leave_phone, scan, type_code

DETAILED = Exception(f"could not serialize access\nCONTEXT:  unnamed portal with parameters: $1 = '{E164}'")


class BreakingSender(RecordingSender):
    """Fails as a library would, once it has been told to."""

    breaks = False

    def try_send(self, sms: OutgoingSms):
        if self.breaks:
            self.breaks = False
            raise ConnectionResetError(104, "Connection reset by peer")
        return super().try_send(sms)


class BreakingDatabase(Database):
    """Breaks at the end of a transaction with an error that quotes the phone, as drivers do."""

    failure: Exception | None = None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with super().writing() as session:
            yield session
            failure, self.failure = self.failure, None
            if failure:
                raise failure


class Log:
    """Every line as production would write it at DEBUG, and what callers handed over before the net."""

    def __init__(self) -> None:
        self._lines = io.StringIO()
        self._handler = logging.StreamHandler(self._lines)
        self._handler.setFormatter(Redacted())
        self.canary = Canary()
        self._handler.addFilter(self._hear)

    def _hear(self, record: logging.LogRecord) -> bool:
        self.canary.see(record)
        return True

    def __enter__(self) -> "Log":
        root = logging.getLogger()
        self._levels = [(logging.getLogger(name), logging.getLogger(name).level) for name in (None, *NOISY)]
        root.addHandler(self._handler)
        root.setLevel(logging.DEBUG)
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.WARNING)
        return self

    def __exit__(self, *_why: object) -> None:
        logging.getLogger().removeHandler(self._handler)
        for logger, level in self._levels:
            logger.setLevel(level)

    def text(self) -> str:
        return self._lines.getvalue()


@pytest.fixture
def site(world: World, database_url: str):
    """The world with a real queue, a worker at its other end, a carrier and a database that can be made to fail."""
    settings, database = world.settings, BreakingDatabase(database_url)
    sender = BreakingSender(lambda: world.now)
    filler = make_queue(settings)
    worker = make_queue(settings, Deliveries(WorkersHouse(settings, world.database, sender, lambda: world.now)))
    world.app = create_app(settings, database, lambda message_id: enqueue_deliveries(filler, [message_id]), lambda: world.now)
    yield world, database, sender, worker
    database.engine.dispose()


def work_off(queue: Queue) -> int:
    """What the consumer does, here and now; returns how many tasks there were."""
    done = 0
    while (task := queue.dequeue()) is not None:
        queue.execute(task)
        done += 1
    return done


def stored(world: World) -> str:
    """Everything that the queue keeps, as it lies there."""
    if world.database.is_sqlite:
        return "".join(p.read_bytes().decode("latin-1") for p in world.settings.data_dir.glob(QUEUE_FILE + "*"))
    dsn = make_url(world.settings.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn) as line:
        tables = line.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)).fetchall()
        assert tables
        rows = [line.execute(f'SELECT * FROM "{SCHEMA}"."{name}"').fetchall() for (name,) in tables]
    return repr(rows)


def test_a21_a_signup_where_everything_goes_wrong_writes_no_phone_code_or_key(site) -> None:
    world, database, sender, worker = site
    failures = [GateDown(True), GateDown(False), Unknown(), NoMoney(), Refused(), Throttled(), BadCredentials()]
    codes, queued = set(), ""
    with Log() as log:
        for failure in failures[: world.settings.limit_number_day - 1]:
            client = world.client()
            client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
            page = scan(client, world.house.source_code)
            database.failure = OperationalError("INSERT INTO phone_verification", {"phone": E164}, DETAILED)
            assert leave_phone(client, page).status_code == 503
            database.failure = RuntimeError(f"no room for {E164}")
            assert leave_phone(client, page).status_code == 500
            code_page = leave_phone(client, page).location
            codes.add(world.code())
            queued += stored(world)
            sender.breaks = True
            sender.failures = [failure]
            assert work_off(worker) == 1
            message = world.rows(SmsMessage)[-1]
            world.later(seconds=40)
            enqueue_look(worker, message.id)
            queued += stored(world)
            assert work_off(worker) == 1
            for wrong in range(2):
                assert type_code(client, code_page, f"{(int(world.code()) + 1 + wrong) % 10**6:06d}").status_code == 422
            database.failure = RuntimeError(f"the code {world.code()} of {E164}")
            assert type_code(client, code_page, world.code()).status_code == 500
            assert client.get(f"/connected/{world.code()}?phone={E164}").status_code == 400
            world.later(hours=1)
        sender.failures = []
        client = world.client()
        done = leave_phone(client, scan(client, world.house.source_code))
        work_off(worker)
        codes.add(world.code())
        assert type_code(client, done.location, world.code()).status_code == 303
    lines = [json.loads(line) for line in log.text().splitlines()]
    assert len(lines) > 20 and {"WARNING", "ERROR"} <= {line["level"] for line in lines}
    assert found_in(log.text(), codes) == []
    log.canary.codes = codes
    assert log.canary.finds() == [], "the net caught it, but it was thrown"
    assert "deliver" in queued
    assert found_in(queued, codes) == []


def test_a21_nothing_at_rest_holds_a_code(site) -> None:
    world, _database, _sender, _worker = site
    leave_phone(world.client(), scan(world.client(), world.house.source_code))
    code = world.code()
    assert len(world.rows(PhoneVerification)) == 1
    if world.database.is_sqlite:
        kept = "".join(path.read_bytes().decode("latin-1") for path in world.settings.data_dir.glob("vestibule.db*"))
        assert E164 in kept and found_in(kept.replace(E164, ""), {code}) == []
    row = world.rows(SmsMessage)[0]
    assert code not in " ".join(str(value) for value in vars(row).values())
