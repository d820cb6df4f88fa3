"""A closed-loop generator: some connections, each sends its next request as soon as the last is answered.

One thread and epoll: on two cores shared with the servers a heavier client would measure itself.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to one request."""

    status: int
    location: str
    seconds: float


@dataclass
class _Wire:
    """One kept-alive connection and what is on it."""

    sock: socket.socket
    number: int = -1
    began: float = 0.0
    got: bytearray = field(default_factory=bytearray)


@dataclass(frozen=True)
class Run:
    """Answers in the order of the requests, and the time they took together."""

    answers: list[Answer]
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.answers) / self.seconds

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the answers came."""
        times = sorted(answer.seconds for answer in self.answers)
        return times[min(len(times) - 1, int(len(times) * share))]


def get(path: str, **headers: str) -> bytes:
    """The bytes of a GET."""
    return _message("GET", path, b"", headers)


def post(path: str, form: dict[str, str], **headers: str) -> bytes:
    """The bytes of a form."""
    return _message("POST", path, urlencode(form).encode(), headers)


def drive(port: int, requests: Sequence[bytes], expected: int, connections: int = 16) -> Run:
    """Send all requests to 127.0.0.1:port. Raises when an answer has another status than expected."""
    answers: list[Answer | None] = [None] * len(requests)
    waiting = iter(enumerate(requests))
    began = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        wires = [_Wire(socket.create_connection(("127.0.0.1", port))) for _ in range(min(connections, len(requests)))]
        for wire in wires:
            wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(wire.sock, selectors.EVENT_READ, wire)
            _send_next(wire, waiting)
        left = len(requests)
        while left:
            for key, _events in selector.select():
                answer = _read(key.data)
                if answer is not None:
                    answers[key.data.number] = answer
                    left -= 1
                    _send_next(key.data, waiting)
    seconds = time.perf_counter() - began
    for wire in wires:
        wire.sock.close()
    return Run(_checked(answers, expected), seconds)


def _send_next(wire: _Wire, waiting: Iterator[tuple[int, bytes]]) -> None:
    following = next(waiting, None)
    if following is not None:
        wire.number, message = following
        wire.got.clear()
        wire.began = time.perf_counter()
        wire.sock.sendall(message)


def _read(wire: _Wire) -> Answer | None:
    """The answer, when all of it is here."""
    chunk = wire.sock.recv(65536)
    if not chunk:
        raise ConnectionError("the server closed a connection in the middle of the run")
    wire.got += chunk
    head, found, body = bytes(wire.got).partition(b"\r\n\r\n")
    if not found:
        return None
    headers = dict(line.lower().split(b": ", 1) if b": " in line else (line, b"") for line in head.split(b"\r\n")[1:])
    if len(body) < int(headers.get(b"content-length", b"0")):
        return None
    seconds = time.perf_counter() - wire.began
    location = next((line[10:].decode() for line in head.split(b"\r\n") if line.startswith(b"Location: ")), "")
    return Answer(int(head[9:12]), location, seconds)


def _checked(answers: list[Answer | None], expected: int) -> list[Answer]:
    good = [answer for answer in answers if answer is not None and answer.status == expected]
    if len(good) != len(answers):
        wrong = sorted({answer.status for answer in answers if answer is not None and answer.status != expected})
        raise RuntimeError(
            f"{len(answers) - len(good)} of {len(answers)} answers were {wrong}, not {expected}: nothing was measured"
        )
    return good


def _message(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
