"""One writer after another on SQLite."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
