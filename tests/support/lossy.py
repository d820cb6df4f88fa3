"""A network of its own, of which a share of all RADIUS packets is lost on the way there and on the way back."""

import ctypes
import os
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000  # setns(2)
_RULES = """
table inet loss {{
  chain arriving {{
    type filter hook input priority 0;
    udp dport {{ {ports} }} numgen random mod 100 < {percent} counter drop
    udp sport {{ {ports} }} numgen random mod 100 < {percent} counter drop
  }}
}}
"""


@dataclass(frozen=True)
class LossyNetwork:
    """One namespace, with nothing but its loopback."""

    name: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Before the command of a program that is to live in it."""
        return ("ip", "netns", "exec", self.name)

    def lose(self, percent: int, *ports: int) -> None:
        """From now on, of the packets to these UDP ports and of those from them."""
        rules = _RULES.format(ports=", ".join(str(port) for port in ports), percent=percent)
        subprocess.run([*self.prefix, "nft", "-f", "-"], input=rules, text=True, check=True)

    def lost(self) -> list[int]:
        """How many packets were lost there, and back."""
        words = subprocess.run(
            [*self.prefix, "nft", "list", "ruleset"], capture_output=True, text=True, check=True
        ).stdout.split()
        return [int(words[place + 2]) for place, word in enumerate(words) if word == "counter"]

    def thread(self) -> ThreadPoolExecutor:
        """A thread whose sockets belong to the namespace."""
        return ThreadPoolExecutor(1, initializer=self._enter)

    def _enter(self) -> None:
        with Path(f"/run/netns/{self.name}").open("rb") as place:
            if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def lossy_network() -> Iterator[LossyNetwork]:
    """Made for the block, and gone after it with every program that still lives in it."""
    network = LossyNetwork(f"vestibule-loss-{os.getpid()}-{secrets.token_hex(3)}")
    subprocess.run(["ip", "netns", "add", network.name], check=True)
    try:
        subprocess.run(["ip", "-n", network.name, "link", "set", "lo", "up"], check=True)
        yield network
    finally:
        left = subprocess.run(["ip", "netns", "pids", network.name], capture_output=True, text=True, check=False).stdout.split()
        for pid in left:
            subprocess.run(["kill", "-9", pid], check=False)
        subprocess.run(["ip", "netns", "del", network.name], check=True)
