"""One request to a NAS over UDP, sent again until it answers or patience ends."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from portal.core.db import refuse_inside_transaction
from portal.gateways.radius_dynamic import Answered, Request

WAITS = (1.0, 1.5, 2.5)  # seconds for an answer to each sending
BIGGEST = 4096  # RFC 2865 §3


def ask(address: str, port: int, request: Request, waits: tuple[float, ...] = WAITS) -> Answered | None:
    """The NAS's answer, or None: no answer, no such host, nobody listening. Never raises for what the network does."""
    refuse_inside_transaction()
    try:
        with _connected(address, port) as line:
            for wait in waits:
                answer = _send_and_listen(line, request, wait)
                if answer is not None:
                    return answer
    except OSError:
        return None
    return None


@contextmanager
def _connected(address: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes datagrams from this address and port alone."""
    family, kind, protocol, _name, where = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as line:
        line.connect(where)
        yield line


def _send_and_listen(line: socket.socket, request: Request, wait: float) -> Answered | None:
    ends = time.monotonic() + wait
    try:
        line.send(request.raw)
        while (left := ends - time.monotonic()) > 0:
            line.settimeout(left)
            answer = request.read(line.recv(BIGGEST))
            if answer is not None:
                return answer
    except TimeoutError:
        return None
    except ConnectionRefusedError:  # a restarting router: the next try may be luckier
        time.sleep(max(min(ends - time.monotonic(), wait), 0))
    return None
