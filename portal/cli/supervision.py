"""Runs several processes as one: started together, stopped together, none left behind whatever ends us."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

_PR_SET_PDEATHSIG = 1  # prctl(2), Linux: the signal a child gets when its parent dies, even by kill -9
_PATIENCE_SECONDS = 10.0
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """One child: a name for messages, its command line, the TCP port that it will take, what it alone may know."""

    name: str
    command: Sequence[str]
    port: int | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Supervisor:
    """`run()` returns the exit code: 0 after a signal, 1 when a child ended by itself."""

    programs: Sequence[Program]
    environment: Mapping[str, str]
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _asked_to_stop: bool = False

    def run(self, when_started: Callable[[], bool]) -> int:
        """Start all and watch. `when_started` is asked again and again until it says True (it announced readiness)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            for program in self.programs:
                self._children[program.name] = self._start(program)
            return self._watch(when_started)
        finally:
            self._end_all()

    def _watch(self, when_started: Callable[[], bool]) -> int:
        announced = False
        while not self._asked_to_stop:
            for name, child in self._children.items():
                if child.poll() is not None:
                    print(f"{name} ended with code {child.returncode}; stopping the rest", file=sys.stderr)  # noqa: T201
                    return 1
            announced = announced or when_started()
            time.sleep(0.1)
        return 0

    def _start(self, program: Program) -> subprocess.Popen[bytes]:
        parent = os.getpid()

        def tie_to_parent() -> None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the call
                os._exit(1)

        # Own process group: Ctrl-C reaches only us, and we reach a child together with its own children.
        return subprocess.Popen(  # noqa: S603
            program.command,
            env={**self.environment, **program.secrets},
            process_group=0,
            preexec_fn=tie_to_parent,  # noqa: PLW1509 — no thread of ours runs yet
        )

    def _end_all(self) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # what it left behind

    def _stop(self, _number: int, _frame: object) -> None:
        self._asked_to_stop = True
