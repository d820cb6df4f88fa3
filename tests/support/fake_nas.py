"""A NAS that takes Disconnect and CoA requests over UDP, written from RFC 5176 by hand: nothing here is the product's.

It behaves as CoovaChilli was seen to: no answer without a User-Name, NAK without a cause for a session that it has not.
"""

import hashlib
import hmac
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

USER_NAME, ACCT_SESSION_ID, MESSAGE_AUTHENTICATOR, ERROR_CAUSE = 1, 44, 80, 101
VENDOR = 26


@dataclass(frozen=True)
class Received:
    """One request: its code and identifier, its attributes by number (vendor's by pair), its bytes."""

    code: int
    identifier: int
    attributes: dict[int | tuple[int, int], bytes]
    raw: bytes


@dataclass
class FakeNas:
    """`online` holds (user name, session id); `answers` decides, given a request, an Error-Cause, 0 for ACK, None for silence."""

    secret: bytes
    online: set[tuple[str, str]] = field(default_factory=set)
    received: list[Received] = field(default_factory=list)
    answers: Callable[[Received], int | None] | None = None
    port: int = 0
    forge: Callable[[bytes], bytes] = bytes  # what becomes of each answer on its way

    def handle(self, raw: bytes) -> bytes | None:
        """The answer to a datagram."""
        request = self._verified(raw)
        if request is None:
            return None
        self.received.append(request)
        cause = self.answers(request) if self.answers else self._as_chilli(request)
        return None if cause is None else self.forge(self._answer(request, cause))

    def _verified(self, raw: bytes) -> Received | None:
        code, identifier, length = struct.unpack("!BBH", raw[:4])
        body = raw[20:length]
        if hashlib.md5(raw[:4] + bytes(16) + body + self.secret).digest() != raw[4:20]:
            return None
        attributes = dict(_attributes(body))
        signature = attributes[MESSAGE_AUTHENTICATOR]
        unsigned = raw[:4] + bytes(16) + body.replace(signature, bytes(16))
        if hmac.digest(self.secret, unsigned, "md5") != signature:
            return None
        return Received(code, identifier, attributes, raw)

    def _as_chilli(self, request: Received) -> int | None:
        user = request.attributes.get(USER_NAME)
        if user is None:
            return None
        wanted = request.attributes.get(ACCT_SESSION_ID, b"").decode()
        found = {one for one in self.online if one[0] == user.decode() and wanted in ("", one[1])}
        if request.code == 40:
            self.online -= found
        return 0 if found else -1

    def _answer(self, request: Received, cause: int) -> bytes:
        body = bytes([ERROR_CAUSE, 6]) + struct.pack("!I", cause) if cause > 0 else b""
        head = struct.pack("!BBH", request.code + (1 if cause == 0 else 2), request.identifier, 20 + len(body))
        return head + hashlib.md5(head + request.raw[4:20] + body + self.secret).digest() + body


def _attributes(body: bytes) -> Iterator[tuple[int | tuple[int, int], bytes]]:
    while body:
        kind, length = body[0], body[1]
        value, body = body[2:length], body[length:]
        if kind == VENDOR:
            yield (struct.unpack("!I", value[:4])[0], value[4]), value[6:]
        else:
            yield kind, value


@contextmanager
def fake_nas(secret: str) -> Iterator[FakeNas]:
    """One that listens on a free port of 127.0.0.1."""
    nas = FakeNas(secret.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        nas.port = line.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(nas, line), daemon=True)
        thread.start()
        try:
            yield nas
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"end", ("127.0.0.1", nas.port))
            thread.join()


def _serve(nas: FakeNas, line: socket.socket) -> None:
    while True:
        raw, sender = line.recvfrom(4096)
        if raw == b"end":
            return
        answer = nas.handle(raw)
        if answer is not None:
            line.sendto(answer, sender)
