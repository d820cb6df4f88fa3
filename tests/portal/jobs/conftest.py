"""The house's gateway as the worker meets it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from portal.core.db import Database
from tests.support.fake_nas import FakeNas, fake_nas
from tests.support.house import House
from tests.support.orders import point


class _Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.called.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), _Gateway) as server:
        server.called = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def nas(database: Database, house: House) -> Iterator[FakeNas]:
    """The house's gateway is a CoovaChilli; its NAS answers on 127.0.0.1."""
    with fake_nas("n" * 32) as found:
        point(database, house, "coovachilli", found.port)
        yield found
