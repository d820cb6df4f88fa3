"""Both sides under the same gunicorn."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PORT = 21800  # below the ports that the kernel gives to clients


@dataclass(frozen=True)
class Server:
    """A running gunicorn. `seconds` is its cold start, until the first answer."""

    process: "subprocess.Popen[bytes]"
    seconds: float

    def memory_mib(self) -> float:
        """Proportional share of all its processes."""
        return sum(_pss_kib(pid) for pid in _family(self.process.pid)) / 1024


@contextmanager
def running(application: str, environment: Mapping[str, str], log: Path, port: int = PORT) -> Iterator[Server]:
    """gunicorn with the product's own configuration; its access log goes to a file, on both sides alike."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "-b", f"127.0.0.1:{port}", application]
    began = time.perf_counter()
    with log.open("ab") as out:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=out, stdout=out, process_group=0)
    try:
        _wait(process, port, log)
        yield Server(process, time.perf_counter() - began)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(15)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                break
        except OSError:
            time.sleep(0.01)
    else:
        raise RuntimeError(f"did not start; see {log}")
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=20):
        pass  # the RADIUS hooks tell nobody that they are well, but they answer


def _family(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(pid for child in children for pid in _family(int(child)))]


def _pss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
