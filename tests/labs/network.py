"""A café's network in namespaces: the guest's phone, the gateway, the portal and an internet. Nothing of the host is touched.

    [guest] --lan-- [gateway] --wan-- [internet]
                        +------ptl-- [portal]

Names carry the process's id; what a killed run left behind is removed by the next one.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROUTER, INTERNET, PORTAL = "10.91.0.1", "198.51.100.80", "203.0.113.10"
ROOMS = ("guest", "gateway", "portal", "internet")
_OURS = re.compile(r"vest-(\d+)-\w+-\w+")


def missing(*programs: str) -> str | None:
    """Why no such network can be made here, or None."""
    lacking = [one for one in ("ip", "nft", "nsenter", "unshare", *programs) if shutil.which(one) is None]
    if lacking:
        return "not installed: " + " ".join(lacking) + " (tests/support/system_packages.sh)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"vest-{os.getpid()}-try-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    listed = made and subprocess.run(["ip", "netns", "exec", name, "nft", "list", "tables"], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None if listed and listed.returncode == 0 else "network namespaces are not allowed here"


@dataclass(frozen=True)
class Network:
    """The four rooms. `folder` is where their programs write."""

    mark: str
    folder: Path

    def room(self, which: str) -> str:
        """The namespace's name."""
        return f"{self.mark}-{which}"

    def inside(self, which: str, *command: str) -> list[str]:
        """A command as it is run in a room."""
        return ["nsenter", f"--net=/run/netns/{self.room(which)}", *command]

    def run(self, which: str, *command: str, patience: float = 30) -> str:
        """Run in a room; what it printed. Raises when it fails."""
        how: dict[str, Any] = {"capture_output": True, "text": True, "timeout": patience}
        done = subprocess.run(self.inside(which, *command), check=False, **how)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return str(done.stdout)

    def succeeds(self, which: str, *command: str) -> bool:
        """Run in a room; did it end well?"""
        return subprocess.run(self.inside(which, *command), capture_output=True, check=False).returncode == 0

    def start(self, which: str, *command: str, log: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """A program of a room; it ends with the network."""
        with (self.folder / log).open("ab") as out:
            return subprocess.Popen(self.inside(which, *command), stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=env)

    def said(self, log: str) -> str:
        """What a program wrote so far."""
        path = self.folder / log
        return path.read_text("utf-8", "replace") if path.exists() else ""


@contextmanager
def network(folder: Path, lab: str) -> Iterator[Network]:
    """A network until the end of the block; then every process in it is ended and the rooms are gone."""
    _sweep()
    made = Network(f"vest-{os.getpid()}-{lab}", folder)
    try:
        for which in ROOMS:
            _ip("netns", "add", made.room(which))
            _ip("-n", made.room(which), "link", "set", "lo", "up")
        _cable(made, "lan", "guest", "eth0", f"{ROUTER}/24", None)
        _cable(made, "wan", "internet", "eth0", "198.51.100.1/24", f"{INTERNET}/24")
        _cable(made, "ptl", "portal", "eth0", "203.0.113.1/24", f"{PORTAL}/24")
        _ip("-n", made.room("gateway"), "route", "add", "default", "via", INTERNET)
        _ip("-n", made.room("portal"), "route", "add", "default", "via", "203.0.113.1")
        made.run("gateway", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        nat = "add table ip lab; add chain ip lab out { type nat hook postrouting priority 100; }; "
        made.run("gateway", "nft", nat + 'add rule ip lab out oifname { "wan", "ptl" } masquerade')
        yield made
    finally:
        for which in ROOMS:
            _remove(made.room(which))


def _cable(made: Network, near: str, room: str, far: str, near_address: str, far_address: str | None) -> None:
    gateway, other = made.room("gateway"), made.room(room)
    _ip("-n", gateway, "link", "add", near, "type", "veth", "peer", "name", far, "netns", other)
    _ip("-n", gateway, "addr", "add", near_address, "dev", near)
    if far_address:
        _ip("-n", other, "addr", "add", far_address, "dev", far)
    _ip("-n", gateway, "link", "set", near, "up")
    _ip("-n", other, "link", "set", far, "up")


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout


def _sweep() -> None:
    """Rooms whose process is gone."""
    for line in _ip("netns", "list").splitlines():
        found = _OURS.match(line)
        if found and not Path(f"/proc/{found[1]}").exists():
            _remove(line.split()[0])


def _remove(name: str) -> None:
    """End what runs in a room, politely and then not, and the room with it."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
        for pid in found.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), how)
        deadline = time.monotonic() + 3
        while subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False).stdout.strip():
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
