"""The portal behind its real gunicorn, in a process of its own, and a client that says whatever bytes it likes."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.core.config import Settings
from portal.core.db import Database
from tests.conftest import make_settings
from tests.support.house import NOW, House, build_house
from tests.support.programs import free_ports, wait_until
from tests.support.signups import publish_documents

ROOT = Path(__file__).parents[2]
SECRETS = ("secret_key", "identity_key", "radius_hook_secret", "metrics_token")


@dataclass(frozen=True)
class Reply:
    """What came back. `status` is 0 when the connection was closed without a word."""

    status: int
    text: str
    seconds: float


@dataclass(frozen=True)
class Front:
    """A running gunicorn with one worker of eight threads."""

    settings: Settings
    house: House
    log_file: Path

    def say(self, *pieces: bytes, patience: float = 15) -> Reply:
        """Send bytes as they are; the request should ask for `Connection: close`."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.settings.port), timeout=patience) as line:
            try:
                for piece in pieces:
                    line.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough; what it answered may still be read
            answer = _all(line)
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1]) if head.startswith(b"HTTP/1.") else 0
        return Reply(status, (head + b"\n" + body).decode("utf-8", "replace"), time.monotonic() - began)

    def ask(self, target: bytes, *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> Reply:
        """One request to a target written exactly like this; the Host is ours unless a header names another."""
        own = [] if any(header.lower().startswith(b"host:") for header in headers) else [b"Host: 127.0.0.1"]
        lines = [method + b" " + target + b" HTTP/1.1", *own, b"Connection: close", *headers]
        if body and not any(header.lower().startswith((b"content-length", b"transfer-encoding")) for header in headers):
            lines.append(b"Content-Length: %d" % len(body))
        return self.say(b"\r\n".join(lines) + b"\r\n\r\n", body)

    def post(self, target: bytes, body: bytes, *headers: bytes) -> Reply:
        """A form."""
        return self.ask(target, b"Content-Type: application/x-www-form-urlencoded", *headers, method=b"POST", body=body)

    def log(self) -> str:
        """Everything that it wrote so far."""
        return self.log_file.read_text("utf-8", "replace")


@contextmanager
def gunicorn(folder: Path, template: Path) -> Iterator[Front]:
    """The portal with one house, served by the product's own configuration until the end of the block."""
    settings = make_settings(folder, port=free_ports(1), web_workers=1, web_threads=8, log_level="DEBUG")
    shutil.copy(template, folder / "vestibule.db")
    database = Database(settings.url_of_database)
    with database.writing() as session:
        house = build_house(session)
        publish_documents(session, house, NOW, settings)
    database.engine.dispose()
    front = Front(settings, house, folder / "gunicorn.log")
    command = [sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "-b", f"127.0.0.1:{settings.port}"]
    with front.log_file.open("wb") as log:
        running = subprocess.Popen([*command, "portal.wsgi:app"], cwd=ROOT, env=_environment(settings), stdout=log, stderr=log)
        try:
            assert wait_until(lambda: _is_up(front), 30), front.log()
            yield front
        finally:
            running.terminate()
            running.wait(20)


def _environment(settings: Settings) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "PROMETHEUS_"))}
    own = {
        "DEMO": "true", "DATA_DIR": str(settings.data_dir), "PORT": str(settings.port), "WEB_WORKERS": "1", "WEB_THREADS": "8",
        "LOG_LEVEL": "DEBUG", **{name.upper(): getattr(settings, name).get_secret_value() for name in SECRETS},
    }  # fmt: skip
    return clean | {f"VESTIBULE_{name}": value for name, value in own.items()}


def _is_up(front: Front) -> bool:
    try:
        return front.ask(b"/healthz").status == 200
    except OSError:
        return False


def _all(line: socket.socket) -> bytes:
    got = b""
    try:
        while piece := line.recv(65536):
            got += piece
    except ConnectionResetError:
        pass  # the rest of what we sent was not wanted
    return got
