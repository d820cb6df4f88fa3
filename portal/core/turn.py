"""Who comes next: one short transaction after another in a process, one writer after another on SQLite."""

import fcntl
import math
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.05  # many times what a guest's transaction takes


class Lane:
    """One short transaction after another within a process: side by side they take longer, all of them.

    Threads hand the interpreter to and fro in the middle of their work, and each has a connection of its own, for which
    PostgreSQL works in another process, with nothing at hand: a fifth fewer requests a second, and every guest waits longer.
    Nobody is held up: whoever takes longer than `PATIENCE_SECONDS`, for a lock or for much data, is passed.
    """

    def __init__(self) -> None:
        self._free = threading.Lock()
        self._since = math.inf

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold it, or pass who holds it for long."""
        mine = self._free.acquire(blocking=False) or self._free.acquire(timeout=self._left())
        if mine:
            self._since = time.monotonic()
        try:
            yield
        finally:
            if mine:
                self._since = math.inf  # whoever has it next may be asked about it before the time is noted
                self._free.release()

    def _left(self) -> float:
        """Seconds, of the patience with the one who holds it now."""
        return max(0.0, min(PATIENCE_SECONDS, self._since + PATIENCE_SECONDS - time.monotonic()))


class Turn:
    """Who writes next on SQLite. Its own busy handler sleeps and tries again: of sixteen writers some starve for seconds.

    A lock on a file beside the database is handed over at once, in the order of asking, and falls with its process.
    """

    def __init__(self, database: str | None) -> None:
        self._path = f"{database}.turn" if database else None
        self._threads = threading.Lock()

    @contextmanager
    def taken(self, wanted: bool) -> Iterator[None]:
        """Hold it for one writing transaction."""
        if self._path is None or not wanted:
            yield
            return
        with self._threads, open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
