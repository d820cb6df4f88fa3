"""The hooks behind their real gunicorn, in processes of their own, that a test may recycle, stop and start."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from portal.core.config import Settings
from tests.support.gunicorn import SECRETS
from tests.support.programs import wait_until
from tests.support.radius import free_port

ROOT = Path(__file__).parents[2]


class HooksServer:
    """`url` stays the same over restarts. `arguments` go to gunicorn; `prefix` is put before the command."""

    def __init__(self, settings: Settings, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        self.settings = settings
        self.port = free_port(socket.SOCK_STREAM)
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = settings.data_dir / "hooks.log"
        self._arguments = arguments
        self._prefix = prefix
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, application: str = "radius_hooks.wsgi:app", wait: bool = True) -> None:
        """Start; `wait` until it answers."""
        command = [
            *self._prefix,
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "python:portal.gunicorn_conf",
            "-b",
            f"127.0.0.1:{self.port}",
        ]
        with self._log.open("ab") as out:
            self._running = subprocess.Popen(
                [*command, *self._arguments, application], cwd=ROOT, env=environment(self.settings), stdout=out, stderr=out,
                process_group=0,
            )  # fmt: skip
        if wait and not self._prefix:
            assert wait_until(self._listens, 30), self.log()

    def recycle(self) -> None:
        """Replace one of the worker processes, gracefully, as after so many requests."""
        assert self._running
        children = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._running and self._running.poll() is None:
            self._running.terminate()
            self._running.wait(20)

    def log(self) -> str:
        """Everything that it wrote."""
        return self._log.read_text("utf-8", "replace")

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                line.settimeout(1)
                line.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return line.recv(7) == b"HTTP/1."
        except OSError:
            return False


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment with these settings in place of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VESTIBULE_", "PROMETHEUS_"))}
    own = {"DEMO": "true", "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.url_of_database}
    own |= {name.upper(): getattr(settings, name).get_secret_value() for name in SECRETS}
    return clean | {f"VESTIBULE_{name}": value for name, value in own.items()}
