"""gunicorn's threads, held up by nobody.

A client that drips its request byte by byte is cut off. One that has its answer and does not hang up is waited for in the
poller: gunicorn waits in its main thread, two seconds for each, and accepts nobody meanwhile. And a process that has no
thread left leaves new connections to its neighbours, where gunicorn lets whoever wakes first take a whole crowd.
"""

import contextlib
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers import gthread

REQUEST_SECONDS = 10.0  # for a whole request, the answer apart; a phone on a bad network needs two or three
LEAVE_SECONDS = 2.0  # for hanging up after the last answer: closed at once, its end could be lost (RFC 9112 section 9.6)
SHARE_SECONDS = 0.25  # a full process leaves newcomers to its neighbours for so long; if none took them, all are full
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.5  # a connection that says nothing waits in the poller, not in a thread


class PatientWorker(gthread.ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A thread worker that stops reading from whoever has kept a thread for too long."""

    def init_process(self) -> None:
        """Begin with nobody waited for."""
        self._since: dict[Any, float] = {}
        self._leaving: dict[Any, float] = {}
        self._at_work = 0  # counted in the main thread alone
        self._full_since = 0.0
        super().init_process()

    def set_accept_enabled(self, enabled: bool) -> None:
        """gunicorn asks before each wait for events; a process that has just become full declines."""
        has_room = self._at_work < self.cfg.threads
        super().set_accept_enabled(enabled and (has_room or time.monotonic() - self._full_since > SHARE_SECONDS))

    def enqueue_req(self, conn: Any) -> None:
        """A thread's work begins, or waits for a thread."""
        super().enqueue_req(conn)
        self._at_work += 1
        if self._at_work == self.cfg.threads:
            self._full_since = time.monotonic()
            self.set_accept_enabled(False)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """A thread is free."""
        self._at_work -= 1
        conn.close = partial(self._part, conn.sock)  # what gunicorn calls next would wait here
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
        now = time.monotonic()
        for sock in [sock for sock, until in self._leaving.items() if until < now]:
            self._forget(sock)
        latest = now - REQUEST_SECONDS
        for conn, began in list(self._since.items()):
            if began < latest:
                with contextlib.suppress(OSError):  # gone by itself meanwhile
                    conn.sock.shutdown(socket.SHUT_RD)

    def _part(self, sock: socket.socket, graceful: bool = False) -> None:
        """Say that nothing more comes; the connection ends when the client has heard it, or after `LEAVE_SECONDS`."""
        if graceful:
            with contextlib.suppress(OSError):  # it is gone
                sock.shutdown(socket.SHUT_WR)
                sock.setblocking(False)
                self.poller.register(sock, selectors.EVENT_READ, self._hear_out)
                self._leaving[sock] = time.monotonic() + LEAVE_SECONDS
                return
        sock.close()

    def _hear_out(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if sock.recv(65536):
                return
        self._forget(sock)

    def _forget(self, sock: socket.socket) -> None:
        del self._leaving[sock]
        self.poller.unregister(sock)
        sock.close()
