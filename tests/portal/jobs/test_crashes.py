"""kill -9 in every step of a delivery: the gate's outbox is the truth, and it holds exactly one SMS per number."""

import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.jobs.queue import enqueue_deliveries, make_queue
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.sms.models import SmsMessage
from tests.conftest import make_settings
from tests.support.canary import found_in
from tests.support.crashing_worker import started
from tests.support.house import House
from tests.support.programs import wait_for
from tests.support.sms import PHONE, queue_one
from tests.support.smsaero_gate import API_KEY, SmsAeroGate

HALF_A_MINUTE = timedelta(seconds=30)  # past lease and settling time


class Site:
    """One venue with a gate, an outbox and a folder; workers come and go."""

    def __init__(self, database: Database, house: House, gate: SmsAeroGate, folder: Path, url: str) -> None:
        self.database, self.house, self.gate, self.folder = database, house, gate, folder
        self.overrides: dict[str, Any] = {**gate.settings, "database_url": url}
        self.settings: Settings = make_settings(folder, **self.overrides)

    def commit(self, phone: str = PHONE, enqueue: bool = True) -> int:
        """What a signup leaves behind."""
        with self.database.writing() as session:
            message_id = queue_one(session, self.house, utcnow(), phone=phone).id
        if enqueue:
            enqueue_deliveries(make_queue(self.settings), [message_id])
        return message_id

    def status(self, message_id: int) -> str:
        with self.database.reading() as session:
            return session.get_one(SmsMessage, message_id).status

    def worker(self, stop_at: str = "", ahead: timedelta = timedelta()) -> Any:
        return started(self.folder, self.overrides, stop_at, ahead)

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()


@pytest.fixture
def site(database: Database, house: House, database_url: str, tmp_path: Path) -> Iterator[Site]:
    with SmsAeroGate(tmp_path, slow_seconds=0.4) as gate:
        yield Site(database, house, gate, tmp_path, database_url)


def test_a_commit_that_never_reached_the_queue_is_sent_once(site: Site) -> None:
    message_id = site.commit(enqueue=False)
    with site.worker():
        wait_for(lambda: site.status(message_id) in ("sent", "delivered"))
    assert len(site.gate.outbox.of(PHONE)) == 1


def test_a_worker_killed_between_commit_and_send_leaves_one_sms(site: Site) -> None:
    message_id = site.commit()
    with site.worker("before") as worker:
        wait_for(worker.mark.exists)
    assert (site.status(message_id), site.gate.outbox.of(PHONE)) == ("sending", [])
    with site.worker(ahead=HALF_A_MINUTE):
        wait_for(lambda: site.status(message_id) in ("sent", "delivered"))
    assert len(site.gate.outbox.of(PHONE)) == 1
    assert site.gate.outbox.asked("sms/list")


def test_a_worker_killed_between_send_and_mark_leaves_one_sms(site: Site) -> None:
    message_id = site.commit()
    with site.worker("after") as worker:
        wait_for(worker.mark.exists)
    assert (site.status(message_id), len(site.gate.outbox.of(PHONE))) == ("sending", 1)
    with site.worker(ahead=HALF_A_MINUTE):
        wait_for(lambda: site.status(message_id) in ("sent", "delivered"))
    assert len(site.gate.outbox.of(PHONE)) == 1
    assert site.gate.outbox.asked("sms/list")


def test_f7_workers_killed_at_any_moment_leave_one_sms_for_each_number(site: Site) -> None:
    phones = [f"+79035550{n:02d}01" for n in range(12)]  # …01 answers slowly, so that kills fall into calls
    ids = [site.commit(phone) for phone in phones]
    chance = random.Random(7)
    ahead = timedelta()
    for _ in range(3):
        with site.worker(ahead=ahead):
            wait_for(lambda: any(site.status(message_id) == "sending" for message_id in ids), 20)
            time.sleep(chance.uniform(0, 0.6))
        ahead += HALF_A_MINUTE
    with site.worker(ahead=ahead):
        wait_for(lambda: all(site.status(message_id) in ("sent", "delivered") for message_id in ids), 60)
    assert {phone: len(site.gate.outbox.of(phone)) for phone in phones} == dict.fromkeys(phones, 1)


def test_after_idleness_the_first_sms_leaves_at_once_and_nothing_secret_is_logged(site: Site) -> None:
    with site.worker() as worker:
        first = site.commit()
        wait_for(lambda: site.status(first) in ("sent", "delivered"))
        time.sleep(5)  # a consumer that backs off would by now look once in 0.75 s
        took = []
        for n in range(5):
            began = time.monotonic()
            site.commit(f"+7903777{n}040")
            wait_for(lambda n=n: bool(site.gate.outbox.of(f"+7903777{n}040")), 5)
            took.append(time.monotonic() - began)
            time.sleep(0.5)
        for tail in ("04", "07", "08", "10", "12", "16"):  # answers that go wrong are logged too
            site.commit(f"+790388800{tail}")
        wait_for(lambda: len(site.gate.outbox.asked("sms/send")) == 12 and "gate_down" in site.log())
        worker.running.terminate()
        assert worker.running.wait(10) == 0
    assert sorted(took)[2] < 0.5
    canaries, codes = [API_KEY, site.settings.secret_key.get_secret_value()], set()
    with site.database.reading() as session:
        for verification in session.query(PhoneVerification):
            assert verification.phone is not None
            canaries.append(verification.phone[1:])
            codes.add(code_for(site.settings.keys, verification.nonce, verification.phone))
    log = site.log()
    written = log + b"".join(path.read_bytes() for path in site.folder.glob("queue.db*")).decode("latin-1")
    assert "ERROR" not in {json.loads(line)["level"] for line in log.splitlines()}
    assert len(codes) > 10
    assert [canary for canary in canaries if canary in written] + found_in(written, codes) == []
