"""gunicorn's threads. A client that drips its request byte by byte is cut off, and a process that has no thread left
leaves new connections to its neighbours: by itself gunicorn lets whoever wakes first take a whole crowd, and the other
processor stands idle."""

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
        self._at_work = 0  # counted in the main thread alone
        super().init_process()

    def set_accept_enabled(self, enabled: bool) -> None:
        """gunicorn asks before each wait for events; a full process declines."""
        super().set_accept_enabled(enabled and self._at_work < self.cfg.threads)

    def enqueue_req(self, conn: Any) -> None:
        """A thread's work begins, or waits for a thread."""
        super().enqueue_req(conn)
        self._at_work += 1
        if self._at_work >= self.cfg.threads:
            self.set_accept_enabled(False)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """A thread is free."""
        self._at_work -= 1
        super().finish_request(conn, fs)

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
