"""One POST over HTTPS that is never repeated, knows whether bytes left, and ends on time.

`requests` cannot say whether a broken exchange had been sent (ConnectionError both ways), and its two time limits are no
total: a server that trickles a byte a second holds the call for ever. Measured in feasibility tests; hence this file.
"""

import base64
import contextlib
import logging
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from portal.sms.senders.base import GateDown

for _name in ("urllib3", "smsaero", "requests"):  # their debug lines show numbers, texts and keys
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: to connect, between two pieces of an answer, and in all."""

    connect: float = 3.0
    read: float = 7.0
    total: float = 10.0


class _Line:
    """One exchange: its deadline, its socket, and whether the request began to leave."""

    def __init__(self, patience: Patience) -> None:
        self.bytes_sent = False
        self._ends = time.monotonic() + patience.total
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(patience.total, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def late(self) -> bool:
        """True past the deadline, also when the process slept through it."""
        return time.monotonic() >= self._ends

    def hold(self, connected: socket.socket) -> None:
        """Keep a second handle: the first one changes hands during the TLS handshake."""
        self._socket = connected.dup()

    def _cut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of timer and handle."""
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()


def _pool_for(line: _Line) -> type[HTTPSConnectionPool]:
    class Connection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            line.hold(connected)
            return connected

        def request(self, *args: Any, **kw: Any) -> None:
            if line.late:
                raise urllib3.exceptions.HTTPError("too late to begin")
            line.bytes_sent = True
            super().request(*args, **kw)

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    return Pool


class _OneShotAdapter(HTTPAdapter):
    def __init__(self, line: _Line) -> None:
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)
        self.poolmanager.pool_classes_by_scheme = {"https": _pool_for(line)}


class _NoPlainHttp(BaseAdapter):
    """The account's key never crosses a network in clear."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kw: Any) -> requests.Response:
        raise requests.exceptions.InvalidSchema("https only")

    def close(self) -> None:
        pass


def post(
    url: str, body: dict[str, object], *, account: tuple[str, str], user_agent: str, ca_file: str, patience: Patience
) -> requests.Response:
    """POST JSON once, follow nothing. A fresh connection each time: a stale one would make every failure doubtful.

    Raises GateDown, whose `bytes_sent` is exact.
    """
    authorization = "Basic " + base64.b64encode(":".join(account).encode()).decode()
    line = _Line(patience)
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _OneShotAdapter(line))
            session.mount("http://", _NoPlainHttp())
            return session.post(
                url,
                json=body,
                headers={"Authorization": authorization, "User-Agent": user_agent, "Connection": "close"},
                timeout=(patience.connect, patience.read),
                verify=ca_file or True,
                allow_redirects=False,
            )
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
        raise GateDown(line.bytes_sent) from None
    finally:
        line.close()
