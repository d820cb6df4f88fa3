"""gunicorn's threads, which wait for nobody forever: a client that drips its request byte by byte is cut off."""

import contextlib
import socket
import time
from typing import Any

from gunicorn.workers import gthread

REQUEST_SECONDS = 10.0  # for a whole request, the answer apart; a phone on a bad network needs two or three
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.5  # a connection that says nothing waits in the poller, not in a thread


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A thread worker that stops reading from whoever has kept a thread for too long."""

    def init_process(self) -> None:
        """Begin with nobody waited for."""
        self._since: dict[Any, float] = {}
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """One request, in a thread of its own."""
        self._since[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._since[conn]

    def murder_pending(self) -> None:
        """Called every second or so: end what is being read too long. An answer on its way out is not touched."""
        super().murder_pending()
        latest = time.monotonic() - REQUEST_SECONDS
        for conn, began in list(self._since.items()):
            if began < latest:
                with contextlib.suppress(OSError):  # gone by itself meanwhile
                    conn.sock.shutdown(socket.SHUT_RD)
