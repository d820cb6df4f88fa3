"""The real worker in a process of its own, with a sender that can stop at a chosen moment, waiting to be killed.

The fault point is this double's; the product has none. Told what to do by JSON in the environment.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from portal import models
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.logging import configure
from portal.gateways.base import CallResult
from portal.jobs import openings, worker
from portal.jobs.house import House
from portal.sms.senders.base import Accepted, OutgoingSms
from portal.sms.senders.smsaero import SmsAeroSender
from tests.conftest import make_settings

assert models
VARIABLE = "TESTS_CRASHING_WORKER"


class StoppingSender(SmsAeroSender):
    """Stands still `before` or `after` the real call, having left a mark that it got there."""

    def __init__(self, settings: Settings, stop_at: str, mark: Path) -> None:
        super().__init__(settings)
        self._stop_at, self._mark = stop_at, mark

    def try_send(self, sms: OutgoingSms) -> Accepted:
        if self._stop_at == "before":
            _stand_still(self._mark)
        answer = super().try_send(sms)
        if self._stop_at == "after":
            _stand_still(self._mark)
        return answer


def stop_openings(stop_at: str, mark: Path) -> None:
    """Stand still before or after the talk that lets a device in (`opening_before`, `opening_after`)."""
    talk = openings.talk

    def stopping(errand: openings.Errand) -> CallResult:
        if stop_at == "opening_before":
            _stand_still(mark)
        result = talk(errand)
        if stop_at == "opening_after":
            _stand_still(mark)
        return result

    openings.talk = stopping


def _stand_still(mark: Path) -> None:
    mark.touch()
    threading.Event().wait()


@dataclass(frozen=True)
class Worker:
    """A running worker, and the mark that it makes when it stands still."""

    running: subprocess.Popen[bytes]
    mark: Path


@contextmanager
def started(folder: Path, overrides: dict[str, Any], stop_at: str = "", ahead: timedelta = timedelta()) -> Iterator[Worker]:
    """A worker process whose clock is `ahead`; killed by -9 at the end of the block if it still runs."""
    mark = folder / f"stopped-{os.urandom(4).hex()}"
    told = {"folder": str(folder), "overrides": overrides, "stop_at": stop_at, "mark": str(mark), "ahead": ahead.total_seconds()}
    with (folder / "worker.log").open("ab") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crashing_worker"],
            env={**os.environ, VARIABLE: json.dumps(told)}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield Worker(running, mark)
    finally:
        running.kill()
        running.wait()


def main() -> None:
    """Run until killed or asked to stop."""
    told = json.loads(os.environ[VARIABLE])
    overrides = {name: tuple(value) if isinstance(value, list) else value for name, value in told["overrides"].items()}
    settings = make_settings(Path(told["folder"]), **overrides)
    configure("DEBUG")
    sender = StoppingSender(settings, told["stop_at"], Path(told["mark"]))
    stop_openings(told["stop_at"], Path(told["mark"]))
    ahead = timedelta(seconds=told["ahead"])
    worker.run(House(settings, Database(settings.url_of_database), sender, lambda: utcnow() + ahead))


if __name__ == "__main__":
    main()
