"""A talk with a gateway's API over HTTPS: JSON both ways, one deadline for all of it, no redirects, nothing logged.

`requests` has no total time limit: an answer that trickles would hold the worker for ever. So a timer shuts the sockets.
"""

import contextlib
import json
import logging
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 4.0, 8.0
MOST_BYTES = 2_000_000  # an answer about one device is a few kilobytes

for _name in ("urllib3", "requests"):  # their debug lines show paths, which hold hardware addresses
    logging.getLogger(_name).setLevel(logging.WARNING)


class TalkFailed(Exception):
    """Why a talk came to nothing. `said` (≤ 60 characters) is for the owner and holds nothing secret."""

    def __init__(self, said: str, retry: bool = True) -> None:
        super().__init__(said)
        self.said, self.retry = said[:60], retry


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is the JSON, or None where there was none."""

    status: int
    headers: Any
    body: Any


class Talk:
    """`with Talk(http, base, pin, ca_file) as talk:` all exchanges of one errand. The session is this talk's alone."""

    def __init__(
        self, http: requests.Session, base: str, pin: str = "", ca_file: str = "", patience: float = TOTAL_SECONDS
    ) -> None:
        self._http, self._base, self._verify = http, base, ca_file or True
        self._ends = time.monotonic() + patience
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(patience, self._cut)
        self._timer.daemon = True
        http.trust_env = False  # no proxy, no .netrc of whoever runs us
        http.cookies.clear()
        http.mount(base, _Adapter(self._sockets, pin))

    def __enter__(self) -> "Talk":
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        self._http.cookies.clear()
        for held in self._sockets:
            held.close()

    def ask(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Answer:
        """One exchange, whatever its status. Raises TalkFailed."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TalkFailed("too slow")
        limits = min(CONNECT_SECONDS, left), min(READ_SECONDS, left)
        try:
            with self._http.request(
                method, self._base + path, json=body, headers=headers, timeout=limits, verify=self._verify,
                allow_redirects=False, stream=True,
            ) as answer:  # fmt: skip
                whole = Answer(answer.status_code, answer.headers, _json(_limited(answer)))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._failure(error) from None
        if time.monotonic() >= self._ends:  # what a cut connection left may look like an answer
            raise TalkFailed("too slow")
        return whole

    def wait(self, seconds: float) -> bool:
        """Rest before looking again; False when no time is left for that."""
        if self._ends - time.monotonic() <= seconds:
            return False
        time.sleep(seconds)
        return True

    def _failure(self, error: Exception) -> TalkFailed:
        if isinstance(error, requests.exceptions.SSLError):
            return TalkFailed("certificate not trusted", retry=False)
        if isinstance(error, requests.Timeout) or time.monotonic() >= self._ends:
            return TalkFailed("too slow")
        return TalkFailed("no answer")

    def _cut(self) -> None:
        for held in list(self._sockets):
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Connections that the deadline can cut; with a pin, only the certificate of that fingerprint is believed."""

    def __init__(self, sockets: list[socket.socket], pin: str) -> None:
        self._pin = pin
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

        class Connection(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                connected = super()._new_conn()
                sockets.append(connected.dup())
                return connected

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self.poolmanager.pool_classes_by_scheme = {"https": Pool}
        if pin:
            self.poolmanager.connection_pool_kw["assert_fingerprint"] = pin

    def send(self, request: Any, stream: Any = False, timeout: Any = None, verify: Any = True, *rest: Any, **kw: Any) -> Any:
        """A pin takes the place of the chain: a self-signed certificate has none."""
        return super().send(request, stream, timeout, False if self._pin else verify, *rest, **kw)


def _limited(answer: requests.Response) -> bytes:
    got = bytearray()
    for piece in answer.iter_content(65536):
        got += piece
        if len(got) > MOST_BYTES:
            raise TalkFailed("answer too long")
    return bytes(got)


def _json(got: bytes) -> Any:
    try:
        return json.loads(got)
    except (ValueError, RecursionError):
        return None
