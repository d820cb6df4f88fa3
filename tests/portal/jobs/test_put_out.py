"""The worker itself closes devices whose access was ended: at the guest's word or by an erasure."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from portal.access import grants
from portal.access.models import AccessGrant
from portal.core.clock import utcnow
from portal.core.db import Database
from portal.venues.models import GatewayConfig
from tests.support.access import make_grant
from tests.support.crashing_worker import started
from tests.support.house import House


class _Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.called.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Gateway) as server:
        server.called = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_running_worker_tells_the_gateway_of_a_revoked_grant(
    database: Database, database_url: str, house: House, gateway: HTTPServer, tmp_path: Path
) -> None:
    with database.writing() as session:
        session.get_one(GatewayConfig, house.gateway_id).base_url = f"http://127.0.0.1:{gateway.server_port}"
        grant = make_grant(session, house, utcnow())
        grants.revoke(session, grant, "guest", utcnow())
    with started(tmp_path, {"database_url": database_url}):
        deadline = time.monotonic() + 30
        while not _put_out(database) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert _put_out(database)
    assert gateway.called == ["/put-out"]  # type: ignore[attr-defined]


def _put_out(database: Database) -> bool:
    with database.reading() as session:
        return session.query(AccessGrant).one().put_out_at is not None
