"""How fast a backlog is stored: with all that the machine has to spare, but while guests need it, with a share of the time.

An eighth, unless the owner says otherwise: some 600 packets a second on a small machine, which is what 300,000 devices report.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

BUSY = 0.7  # others use so much of all processors
_STAT = Path("/proc/stat")


class Others:
    """What other processes use of this machine's processors, from one call to the next: 0 to 1."""

    def __init__(self) -> None:
        self._last = self._read()

    def __call__(self) -> float:
        """1 where the system does not tell."""
        last, self._last = self._last, self._read()
        if last is None or self._last is None:
            return 1.0
        passed, idle, own = (new - old for new, old in zip(self._last, last, strict=True))
        return max(0.0, (passed - idle - own) / passed) if passed > 0 else 1.0

    def _read(self) -> tuple[float, float, float] | None:
        """Seconds of all processors together: passed, idle, and this process's own (proc(5), /proc/stat)."""
        try:
            ticks = [int(word) for word in _STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]]
        except OSError:
            return None
        second = os.sysconf("SC_CLK_TCK")
        return sum(ticks) / second, (ticks[3] + ticks[4]) / second, time.process_time()


class Pace:
    """Asked before each batch of a backlog. Packets of the last minutes are never held back: somebody has just come online."""

    def __init__(self, share: float, others: Callable[[], float], clock: Callable[[], float] = time.monotonic) -> None:
        self._share, self._others, self._clock = share, others, clock
        self._began = self._until = clock()

    def may_go_on(self) -> bool:
        """False while it is resting. True begins a batch."""
        self._began = self._clock()
        return self._began >= self._until

    def worked(self) -> None:
        """The batch is stored; how long it took decides how long to rest."""
        now = self._clock()
        self._until = now + (now - self._began) * (1 / self._share - 1) if self._others() >= BUSY else now
