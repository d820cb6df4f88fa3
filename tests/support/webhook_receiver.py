"""A customer's server that takes webhooks: checks their signatures as Standard Webhooks says, answers as it is told to."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """The receiver's side of the scheme, written from its text and not with our code."""
        key = base64.b64decode(secret.split("_", 1)[1])
        content = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """`with Receiver() as receiver:` `receiver.url` takes POSTs; `answers` are the next statuses, then 204."""

    certificate: Path | None = None
    answers: list[int] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    trickle: bool = False  # answers a byte a second, for ever
    large: bool = False  # answers megabytes
    location: str = ""

    def __enter__(self) -> "Receiver":
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append(Taken(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.answer(self)

            def do_GET(self) -> None:
                receiver.taken.append(Taken(self.path, {}, b"GET"))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        scheme = "http"
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            scheme = "https"
        self.port = self._server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/hooks?from=vestibule"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, door: BaseHTTPRequestHandler) -> None:
        """As told."""
        try:
            if self.trickle:
                while True:
                    door.wfile.write(b"H")
                    door.wfile.flush()
                    time.sleep(0.3)
            status = self.answers.pop(0) if self.answers else 204
            door.send_response(status)
            if self.location:
                door.send_header("Location", self.location)
            if self.large:
                door.send_header("Content-Length", str(10**9))
            door.end_headers()
            for _ in range(10_000 if self.large else 0):
                door.wfile.write(b"x" * 1000)
        except OSError:
            pass  # the sender has hung up, which is what some tests want to see
