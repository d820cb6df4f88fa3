"""The real FreeRADIUS with the configuration that the product writes, and the hooks it asks, on free ports."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.serving import make_server

from portal.cli import raddb
from portal.core.config import Settings
from portal.core.db import Database
from portal.venues.models import Nas
from radius_hooks.app import create_app
from radius_hooks.replay import store_what_waits
from radius_hooks.spool import Spool


def missing() -> str | None:
    """Why FreeRADIUS cannot run here, or None."""
    if shutil.which("freeradius", path="/usr/sbin") and shutil.which("radclient"):
        return None
    return "FreeRADIUS is not installed (apt-get install freeradius freeradius-rest freeradius-utils)"


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port below the range that clients' own sockets take."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def serve_hooks(
    settings: Settings,
    database: Database,
    clock: Callable[[], datetime],
    port: int = 0,
    seen: Callable[[int], None] = lambda _status: None,
) -> Iterator[str]:
    """The hooks in threads of this process; yields their address. `seen` is told the status of every answer."""
    app = create_app(settings, database, clock)

    def told(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        def tell(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            seen(int(status[:3]))
            return start(status, headers, *more)

        return app(environ, tell)

    server = make_server("127.0.0.1", port or free_port(socket.SOCK_STREAM), told, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class PrivateRadius:
    """A running FreeRADIUS that knows the database's routers. `authorize` and `account` speak as one of them.

    `edit` may change the written folder before the start; `prefix` is put before the command, such as `ip netns exec …`.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        hooks_url: str,
        edit: Callable[[Path], None] = lambda _folder: None,
        prefix: tuple[str, ...] = (),
        spool: Path | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vestibule-radius-", dir="/tmp"))
        self.auth_port, self.acct_port = free_port(), free_port()
        with database.reading() as session:
            routers = list(session.scalars(select(Nas)))
        self.secret = routers[0].secret
        self.spool = spool or self.folder / "spool"
        around = raddb.Surroundings(hooks_url, settings.radius_hook_secret.get_secret_value(), self.spool)
        raddb.write(self.folder, routers, around, raddb.Listening("127.0.0.1", self.auth_port, self.acct_port))
        edit(self.folder)
        self._database = database
        self._prefix = prefix
        self.start()

    def start(self) -> None:
        """Start the server, again after `kill`, with the folder as it is."""
        self._log = (self.folder / "server.log").open("wb")
        command = [*self._prefix, "/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", str(self.folder)]
        self._server = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self._wait()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._server.kill()
        self._server.wait(10)
        self._log.close()

    def authorize(
        self, user_name: str, password: str, *more: str, signed: bool = True, secret: str = "", how: str = "User", tries: int = 2
    ) -> str:
        """What radclient prints of an answer to Access-Request; `more` are "Attribute = value" lines."""
        lines = [f'User-Name = "{user_name}"', f'{how}-Password = "{password}"', *more]
        return self._ask(self.auth_port, "auth", [*lines, "Message-Authenticator = 0x00"] if signed else lines, secret, tries)

    def account(self, *lines: str, tries: int = 2) -> str:
        """What radclient prints of an answer to Accounting-Request."""
        return self._ask(self.acct_port, "acct", [*lines, "Message-Authenticator = 0x00"], "", tries)

    def ask(self, port: int, what: str, *lines: str, secret: str = "", tries: int = 2) -> str:
        """What radclient prints of an answer to exactly these attributes."""
        return self._ask(port, what, list(lines), secret, tries)

    def replay(self) -> int:
        """Store what was written down, as the process beside does; returns how many packets that were."""
        return store_what_waits(Spool(self.spool), self._database)

    def outcomes(self) -> str:
        """The server's own record of its answers."""
        path = self.folder / "outcomes.log"
        return path.read_text() if path.exists() else ""

    def log(self) -> str:
        """What it said since its last start."""
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.send_signal(signal.SIGTERM)
        self._server.wait(10)
        self._log.close()
        shutil.rmtree(self.folder)

    def _ask(self, port: int, what: str, lines: list[str], secret: str, tries: int = 2) -> str:
        secret_file = self.folder / f"secret-{os.getpid()}"
        secret_file.write_text((secret or self.secret) + "\n")
        command = ["radclient", "-x", "-r", str(tries), "-t", "1.5", "-S", str(secret_file), f"127.0.0.1:{port}", what]
        found = subprocess.run(
            [*self._prefix, *command], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=30, check=False
        )
        return found.stdout.partition("Received ")[2]

    def _wait(self) -> None:
        deadline = time.monotonic() + 15
        while "Ready to process requests" not in (said := self.log()):
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"FreeRADIUS did not start:\n{said[-2000:]}")
            time.sleep(0.02)
