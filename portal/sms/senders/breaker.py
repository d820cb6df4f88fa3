"""Which gate to try: the next in turn that has not just failed five times."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

FAILURES = 5
SECONDS = 30.0


class Breaker:
    """Counts failures per gate in this process. Five within 30 s rest a gate until the first of them is 30 s old."""

    def __init__(self, gates: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._failures = {gate: deque[float](maxlen=FAILURES) for gate in gates}
        self._gates = tuple(gates)
        self._clock = clock
        self._lock = threading.Lock()

    def choose(self, attempt: int) -> str | None:
        """The gate for this attempt (counted from 1); None when all rest."""
        turn = (attempt - 1) % len(self._gates)
        with self._lock:
            return next((gate for gate in self._gates[turn:] + self._gates[:turn] if not self._rests(gate)), None)

    def failed(self, gate: str) -> None:
        """Remember one failure."""
        with self._lock:
            self._failures[gate].append(self._clock())

    def worked(self, gate: str) -> None:
        """Forget them."""
        with self._lock:
            self._failures[gate].clear()

    def _rests(self, gate: str) -> bool:
        failures = self._failures[gate]
        return len(failures) == FAILURES and self._clock() - failures[0] < SECONDS
