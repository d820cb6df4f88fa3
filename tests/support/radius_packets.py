"""RADIUS packets as routers send them, made by hand: unlike radclient it can send many at once, damaged, late and twice."""

import contextlib
import hashlib
import hmac
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

ACCESS_REQUEST, ACCEPT, REJECT, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 1, 2, 3, 4, 5
START, STOP, INTERIM = 1, 2, 3
WIRELESS = struct.pack("!I", 19)


def attribute(kind: int, value: bytes) -> bytes:
    """RFC 2865 §5."""
    return bytes((kind, len(value) + 2)) + value


def access_request(
    number: int, secret: str, user: str, password: str, mac: str, called: str = "00-11-22-33-44-55:cafe", chap: bool = False
) -> bytes:
    """A signed Access-Request with PAP, or with CHAP (RFC 2865 §2.2)."""
    authenticator = os.urandom(16)
    if chap:
        response = hashlib.md5(b"\x07" + password.encode() + authenticator).digest()
        proof = attribute(3, b"\x07" + response)
    else:
        proof = attribute(2, _hidden(password.encode(), secret.encode(), authenticator))
    rest = (
        attribute(1, user.encode())
        + proof
        + attribute(31, mac.encode())
        + attribute(30, called.encode())
        + attribute(61, WIRELESS)
    )
    head = struct.pack("!BBH", ACCESS_REQUEST, number & 255, 20 + 18 + len(rest)) + authenticator
    signature = hmac.new(secret.encode(), head + attribute(80, bytes(16)) + rest, "md5").digest()
    return head + attribute(80, signature) + rest


def accounting_request(
    number: int, secret: str, status: int, session: str, user: str, mac: str, seconds: int = 0, octets: tuple[int, int] = (0, 0)
) -> bytes:
    """A signed Accounting-Request. `octets` are the low words of input and output."""
    rest = attribute(40, struct.pack("!I", status)) + attribute(44, session.encode()) + attribute(1, user.encode())
    rest += attribute(31, mac.encode()) + attribute(30, b"00-11-22-33-44-55:cafe") + attribute(61, WIRELESS)
    rest += attribute(8, bytes((10, 1, number >> 8 & 255, number & 255))) + attribute(46, struct.pack("!I", seconds))
    rest += attribute(42, struct.pack("!I", octets[0])) + attribute(43, struct.pack("!I", octets[1]))
    if status == STOP:
        rest += attribute(49, struct.pack("!I", 1))
    head = struct.pack("!BBH", ACCOUNTING_REQUEST, number & 255, 20 + 18 + len(rest))
    signature = hmac.new(secret.encode(), head + bytes(16) + attribute(80, bytes(16)) + rest, "md5").digest()
    rest = attribute(80, signature) + rest
    return head + hashlib.md5(head + bytes(16) + rest + secret.encode()).digest() + rest


@dataclass
class Asked:
    """One packet and what became of it. `code` is None while there is no answer; `seconds` counts from its first sending."""

    packet: bytes
    code: int | None = None
    seconds: float = 0.0
    tries: int = 0
    sock: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def ask_all(port: int, packets: Sequence[bytes], again_after: float = 3.0, tries: int = 3, gap: float = 0.0) -> list[Asked]:
    """Send all, a `gap` in seconds after each, every one from a port of its own and again until it is answered, as routers do."""
    asked = [Asked(packet) for packet in packets]
    poller = select.epoll()
    by_number = {one.sock.fileno(): one for one in asked}
    for one in asked:
        one.sock.connect(("127.0.0.1", port))
        poller.register(one.sock.fileno(), select.EPOLLIN)
    began = time.monotonic()
    for _ in range(tries):
        for one in asked:
            if one.code is None:
                one.tries += 1
                _send(one)
                time.sleep(gap)
        _listen(poller, by_number, began, time.monotonic() + again_after)
    for one in asked:
        one.sock.close()
    return asked


def _send(one: Asked) -> None:
    with contextlib.suppress(ConnectionRefusedError):  # nobody listens at the moment
        one.sock.send(one.packet)


def _listen(poller: select.epoll, by_number: dict[int, Asked], began: float, until: float) -> None:
    waiting = sum(one.code is None for one in by_number.values())
    while waiting and time.monotonic() < until:
        for number, _events in poller.poll(0.05):
            one = by_number[number]
            try:
                answer = one.sock.recv(4096)
            except ConnectionRefusedError:
                continue
            if one.code is None and answer[1] == one.packet[1]:
                one.code, one.seconds = answer[0], time.monotonic() - began
                waiting -= 1


def _hidden(password: bytes, secret: bytes, authenticator: bytes) -> bytes:
    """RFC 2865 §5.2."""
    padded = password + bytes(-len(password) % 16 or (0 if password else 16))
    hidden, last = b"", authenticator
    for start in range(0, len(padded), 16):
        digest = hashlib.md5(secret + last).digest()
        last = bytes(a ^ b for a, b in zip(padded[start : start + 16], digest, strict=True))
        hidden += last
    return hidden
