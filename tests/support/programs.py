"""Processes as the machine sees them, for tests that must leave none behind."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path


def running(mark: str) -> set[int]:
    """Ids of living processes (not zombies) whose environment holds `mark`."""
    return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _is_ours(folder, mark)}


def wait_until(happened: Callable[[], bool], seconds: float) -> bool:
    """True as soon as it happened, False after `seconds`."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    """Return as soon as it happened; fail after `seconds`."""
    assert wait_until(happened, seconds), "it did not happen in time"


def free_ports(count: int) -> int:
    """The first of `count` neighbouring free ports, below the range that the kernel gives to clients."""
    for first in range(20000 + os.getpid() % 1000 * 10, 32000, 10):  # parallel tests begin apart
        if all(_is_free(first + i) for i in range(count)):
            return first
    raise RuntimeError("no free ports")


def _is_ours(folder: Path, mark: str) -> bool:
    try:
        return mark.encode() in (folder / "environ").read_bytes() and ") Z " not in (folder / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
