"""From a request to the queue without making the guest wait for the queue's own commit."""

import queue
import threading
import time
from collections.abc import Callable, Sequence

GATHER_SECONDS = 0.02  # between two commits to the queue: a message alone goes at once, a crowd goes together


class Handoff:
    """Takes ids at once and passes them on in a thread of its own, in order, as many as have come meanwhile.

    Nothing is lost with the process: each id is a committed row of the outbox, and the worker's sweep finds it. The thread
    starts with the first id, so that an application made before gunicorn forks has none to lose.
    """

    def __init__(self, pass_on: Callable[[Sequence[int]], None]) -> None:
        self._pass_on = pass_on
        self._ids: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, message_id: int) -> None:
        """Never waits and never raises."""
        self._ids.put(message_id)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="handoff", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        earliest = 0.0
        while True:
            waiting = [self._ids.get()]
            time.sleep(max(0.0, earliest - time.monotonic()))
            while not self._ids.empty():  # nobody else takes any
                waiting.append(self._ids.get())
            self._pass_on(waiting)
            earliest = time.monotonic() + GATHER_SECONDS
