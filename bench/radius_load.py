"""RADIUS in a closed loop: some packets in flight, each from a socket of its own, the next one when the last is answered.

The packets are made before the clock starts: radclient makes them on the way, and cannot show a server's limit.
"""

import itertools
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.radius_packets import INTERIM, START, STOP, access_request, accounting_request

AGAIN = 3.0
PATIENCE = 15.0
PASSWORD = "bench-password"  # what the baseline says of everybody


@dataclass(frozen=True)
class Load:
    """Times of the answers in seconds, and how long it all took."""

    times: list[float]
    seconds: float

    @property
    def answered(self) -> int:
        """How many answers came."""
        return len(self.times)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(len(times) * share))]


def access_packets(secret: str, logins: Sequence[tuple[str, str]], count: int) -> list[bytes]:
    """Signed Access-Requests of these users by turns."""
    return [access_request(n, secret, *logins[n % len(logins)], device(n % len(logins))) for n in range(count)]


def accounting_packets(secret: str, names: Sequence[str], count: int) -> list[bytes]:
    """Start, two Interim-Updates and a Stop of sessions, the stages of one far apart, as they are in life."""
    sessions, tag = count // 4, f"{time.monotonic_ns():x}"
    stages = ((START, 0), (INTERIM, 300), (INTERIM, 600), (STOP, 900))
    return [
        accounting_request(n, secret, kind, f"{tag}-{n:06x}", user, device(n % len(names)), at, (at * 100, at * 900))
        for kind, at in stages
        for n, user in zip(range(sessions), itertools.cycle(names))
    ]


def device(number: int) -> str:
    """The MAC of a user."""
    return f"02-00-00-{number >> 16 & 255:02X}-{number >> 8 & 255:02X}-{number & 255:02X}"


def drive(port: int, packets: Sequence[bytes], expected: int, seconds: float, in_flight: int, pace: float = 0.0) -> Load:
    """Send for this long, or until there are no more. `pace` caps the packets per second. Raises for any other answer."""
    return _Loop(port, packets, expected, in_flight, pace).run(seconds)


class _Loop:
    def __init__(self, port: int, packets: Sequence[bytes], expected: int, in_flight: int, pace: float) -> None:
        self._packets, self._expected, self._pace = packets, expected, pace
        self._socks: dict[int, socket.socket] = {}
        self._poller = select.epoll()
        self._sent: dict[int, tuple[bytes, float]] = {}
        self._asked: dict[int, float] = {}
        self._times: list[float] = []
        self._next = 0
        for _ in range(in_flight):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect(("127.0.0.1", port))
            self._poller.register(sock.fileno(), select.EPOLLIN)
            self._socks[sock.fileno()] = sock

    def run(self, seconds: float) -> Load:
        began = time.perf_counter()
        end = began + seconds
        idle = list(self._socks)
        while (now := time.perf_counter()) < end or self._sent:
            while idle and now < end and self._may_send(now - began):
                self._send(idle.pop(), now)
            if not self._sent and self._next >= len(self._packets):
                break
            idle += self._receive()
        took = min(time.perf_counter() - began, seconds) if self._next < len(self._packets) else time.perf_counter() - began
        for sock in self._socks.values():
            sock.close()
        return Load(self._times, took)

    def _may_send(self, passed: float) -> bool:
        return self._next < len(self._packets) and (not self._pace or self._next < passed * self._pace)

    def _send(self, number: int, now: float) -> None:
        packet = self._packets[self._next]
        self._next += 1
        self._sent[number] = (packet, now)
        self._asked[number] = now
        self._socks[number].send(packet)

    def _receive(self) -> list[int]:
        free = []
        for number, _events in self._poller.poll(0.001 if self._pace else 0.2):
            answer = self._socks[number].recv(4096)
            now = time.perf_counter()
            if number in self._sent and answer[1] == self._sent[number][0][1]:
                if answer[0] != self._expected:
                    raise RuntimeError(f"an answer of code {answer[0]}, not {self._expected}: nothing was measured")
                self._times.append(now - self._sent.pop(number)[1])
                free.append(number)
        self._ask_again(time.perf_counter())
        return free

    def _ask_again(self, now: float) -> None:
        """As routers do; what is not answered even then ends the run."""
        for number, (packet, began) in self._sent.items():
            if now - began > PATIENCE:
                raise RuntimeError("a packet was not answered: nothing was measured")
            if now - self._asked[number] > AGAIN:
                self._asked[number] = now
                self._socks[number].send(packet)
