"""F11 at the door: receipts of every kind, through HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from portal.app import create_app
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.tokens import random_id, sha256_hex
from portal.sms.delivery import Postman
from portal.sms.models import SmsMessage
from portal.sms.senders.smsaero import SmsAeroSender
from tests.conftest import make_settings
from tests.support.house import House
from tests.support.sms import compose, queue_one
from tests.support.smsaero_gate import MODES, SmsAeroGate

SECRET = random_id()
TAILS = {mode: tail for tail, mode in MODES.items()}


@pytest.fixture
def client(settings: Settings, database: Database, now: datetime) -> FlaskClient:
    return create_app(settings, database, lambda _message_id: None, lambda: now).test_client()


@pytest.fixture
def message_id(database: Database, house: House, now: datetime) -> int:
    with database.writing() as session:
        message = queue_one(session, house, now)
        message.status, message.provider_id, message.callback_hash = "sent", "123", sha256_hex(SECRET.encode())
        return message.id


def status_of(database: Database, message_id: int) -> str:
    with database.reading() as session:
        return session.get_one(SmsMessage, message_id).status


@pytest.mark.parametrize("form", [True, False])
def test_a_receipt_comes_as_a_form_or_as_json(client: FlaskClient, database: Database, message_id: int, form: bool) -> None:
    fields = {"id": 123, "status": 1, "number": "79031234567"}
    answer = client.post(f"/callbacks/smsaero/{SECRET}", **{"data" if form else "json": fields})
    assert (answer.status_code, answer.data) == (200, b"")
    assert status_of(database, message_id) == "delivered"


RUBBISH = [
    b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"id": {"a": 1}, "status": [1]}', b'{"status": "1"}',
    b'{"id": "123", "status": "\xc2\xb2"}', b"[" * 4000, b'{"id": "1\\u0000", "status": 1}',
]  # fmt: skip


@pytest.mark.parametrize("body", RUBBISH)
def test_rubbish_is_answered_and_changes_nothing(client: FlaskClient, database: Database, message_id: int, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        assert client.post(f"/callbacks/smsaero/{SECRET}", data=body, content_type=kind).status_code == 200
    assert status_of(database, message_id) == "sent"


def test_unknown_and_forged_receipts_look_like_any_other(client: FlaskClient, database: Database, message_id: int) -> None:
    right = client.post(f"/callbacks/smsaero/{SECRET}", json={"id": 999, "status": 1})
    wrong = client.post(f"/callbacks/smsaero/{random_id()}", json={"id": 123, "status": 1})
    assert (right.status_code, right.data) == (wrong.status_code, wrong.data) == (200, b"")
    assert status_of(database, message_id) == "sent"


@pytest.mark.parametrize("size", [4097, 10_000_000])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_large_body_is_not_read(client: FlaskClient, database: Database, message_id: int, size: int, kind: str) -> None:
    body = json.dumps({"id": 123, "status": 1, "x": "y" * size}).encode()
    body = body if "json" in kind else b"id=123&status=1&x=" + b"y" * size
    began = time.monotonic()
    assert client.post(f"/callbacks/smsaero/{SECRET}", data=body, content_type=kind).status_code == 413
    assert time.monotonic() - began < 2
    assert status_of(database, message_id) == "sent"


def test_a_receipt_never_lets_anybody_in(client: FlaskClient, message_id: int) -> None:
    answer = client.post(f"/callbacks/smsaero/{SECRET}", json={"id": 123, "status": 1})
    assert "Set-Cookie" not in answer.headers and not answer.data
    assert client.get(f"/callbacks/smsaero/{SECRET}").status_code in (404, 405)


class Live:
    """A portal that listens, and an emulator that calls it."""

    def __init__(self, database: Database, house: House, gate: SmsAeroGate, settings: Settings, url: str) -> None:
        self.database, self.house, self.gate = database, house, gate
        self.postman = Postman(database, SmsAeroSender(settings), compose, lambda secret: f"{url}/callbacks/smsaero/{secret}")

    def send(self, mode: str) -> int:
        from portal.core.clock import utcnow

        with self.database.writing() as session:
            message_id = queue_one(session, self.house, utcnow(), phone=f"+790312345{TAILS[mode]}").id
        self.postman.deliver(message_id)
        return message_id


@pytest.fixture
def live(database: Database, house: House, tmp_path: Path, database_url: str) -> Iterator[Live]:
    with SmsAeroGate(tmp_path) as gate:
        settings = make_settings(tmp_path, **gate.settings, database_url=database_url)
        server = make_server("127.0.0.1", 0, create_app(settings, database, lambda _message_id: None), threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Live(database, house, gate, settings, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("mode", ["callback_form", "callback_json", "callback_repeated", "callback_disordered", "callback_first"])
def test_the_gates_receipts_deliver_once_and_for_all(live: Live, mode: str) -> None:
    message_id = live.send(mode)
    deadline = time.monotonic() + 10
    while status_of(live.database, message_id) != "delivered":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.4)  # what comes after must not take it back
    with live.database.reading() as session:
        row = session.get_one(SmsMessage, message_id)
        assert (row.status, row.cost_kopecks, row.provider_id) == ("delivered", 549, str(live.gate.outbox.taken[0].id))


@pytest.mark.parametrize("mode", ["callback_forged", "moderation"])
def test_forged_and_failing_receipts_deliver_nothing(live: Live, mode: str) -> None:
    message_id = live.send(mode)
    time.sleep(1.5)
    assert status_of(live.database, message_id) == "sent"
