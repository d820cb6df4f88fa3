"""Started together, stopped together, nothing left: with small programs, the worst-behaved there are."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.support.programs import running, wait_until

SCRIPT = """
import os, sys
from portal.cli import supervision
supervision._PATIENCE_SECONDS = 1.0
programs = [supervision.Program(str(i), ("sh", "-c", line)) for i, line in enumerate(sys.argv[1:])]
sys.exit(supervision.Supervisor(programs, os.environ).run(lambda: bool(print("stands", flush=True)) or True))
"""
QUIET = "sleep 1000 & exec sleep 1000"
DEAF = "trap '' TERM; while :; do sleep 1; done"


class Started:
    """A supervisor in its own process; `mark` is in the environment of all that it starts."""

    def __init__(self, *lines: str) -> None:
        self.mark = f"SUPERVISED={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *lines],
            env={**os.environ, name: value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert self.process.stdout is not None
        self.announced = self.process.stdout.readline()

    def nothing_left(self, seconds: float = 5) -> bool:
        return wait_until(lambda: not running(self.mark), seconds)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_and_is_no_failure(number: signal.Signals) -> None:
    started = Started(QUIET, QUIET)
    assert wait_until(lambda: len(running(started.mark)) >= 4, 5)
    started.process.send_signal(number)
    assert started.process.wait(10) == 0
    assert started.nothing_left()


def test_one_that_is_deaf_is_killed_after_a_while() -> None:
    started = Started(QUIET, DEAF)
    assert wait_until(lambda: len(running(started.mark)) >= 4, 5)
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(10) == 0
    assert started.nothing_left()


def test_one_that_ends_stops_the_rest_and_is_a_failure() -> None:
    started = Started(QUIET, "sleep 0.3; exit 3")
    _out, err = started.process.communicate(timeout=10)
    assert started.process.returncode == 1
    assert "1 ended with code 3" in err
    assert started.nothing_left()


def test_kill_9_of_the_supervisor_ends_its_programs_too() -> None:
    started = Started("exec sleep 1000", "exec sleep 1000")
    assert wait_until(lambda: len(running(started.mark)) == 3, 5)
    started.process.kill()
    started.process.wait(5)
    assert started.nothing_left()
