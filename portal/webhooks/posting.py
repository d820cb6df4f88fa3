"""One POST to somebody else's server: the checked address only, no redirects, ten seconds for all of it, 1 KB of answer."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import certifi
import urllib3

from portal.core.db import refuse_inside_transaction
from portal.webhooks.addresses import BadAddress, Target, read, resolve

TOTAL_SECONDS = 10.0
MOST_BYTES = 1024
GONE = 410  # Standard Webhooks: the receiver wants no more
AGENT = "Vestibule-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a try: a status, or why there was none (`no_answer`, `too_slow`, `certificate`, BadAddress's codes)."""

    status: int | None
    error: str = ""

    @property
    def taken(self) -> bool:
        """True when the receiver said that it has it."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], *, demo: bool = False, ca_file: str = "") -> Reply:
    """Never raises for what the other side does or fails to do. `demo` lets plain http and our own network in."""
    refuse_inside_transaction()
    try:
        target = read(url, demo=demo)
        address = resolve(target, private=demo)
    except BadAddress as refused:
        return Reply(None, refused.code)
    told = {"Host": target.authority, "Content-Type": "application/json", "User-Agent": AGENT, **headers}
    cut = threading.Event()
    try:
        with _line(target, address, ca_file, cut) as pool:
            timeout = urllib3.Timeout(connect=5.0, read=TOTAL_SECONDS)
            answer = pool.urlopen(
                "POST", target.path, body, told, retries=False, redirect=False, timeout=timeout, preload_content=False
            )
            with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
                answer.read(MOST_BYTES, decode_content=False)
            answer.close()
            return Reply(answer.status)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return Reply(None, _why(error, cut))


@contextmanager
def _line(target: Target, address: str, ca_file: str, cut: threading.Event) -> Iterator[Any]:
    """A connection of one try. A timer shuts it: an answer that trickles would hold the worker for ever."""
    held: list[socket.socket] = []
    pool = _pool(target, address, ca_file)
    kind: Any = pool.ConnectionCls

    class Cuttable(kind):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            connected: socket.socket = super()._new_conn()
            held.append(connected.dup())
            return connected

    pool.ConnectionCls = Cuttable
    timer = threading.Timer(TOTAL_SECONDS, _shut, (held, cut))
    timer.daemon = True
    timer.start()
    try:
        yield pool
    finally:
        timer.cancel()
        pool.close()
        for line in held:
            line.close()


def _pool(target: Target, address: str, ca_file: str) -> urllib3.HTTPConnectionPool:
    """To the numeric address, under the name that its certificate must hold."""
    if not target.secure:
        return urllib3.HTTPConnectionPool(address, target.port, maxsize=1)
    trusted = ssl.create_default_context(cafile=ca_file or certifi.where())
    return urllib3.HTTPSConnectionPool(
        address, target.port, maxsize=1, ssl_context=trusted, server_hostname=target.host, assert_hostname=target.host
    )


def _shut(held: list[socket.socket], cut: threading.Event) -> None:
    cut.set()
    for line in list(held):
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _why(error: Exception, cut: threading.Event) -> str:
    if isinstance(error, (urllib3.exceptions.SSLError, ssl.SSLError)) and not cut.is_set():
        return "certificate"
    late = isinstance(error, urllib3.exceptions.TimeoutError) and not isinstance(error, urllib3.exceptions.NewConnectionError)
    return "too_slow" if cut.is_set() or late else "no_answer"
