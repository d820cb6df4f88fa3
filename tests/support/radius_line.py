"""A pretend router's RADIUS: what it asks and reports over UDP, and the orders it takes. Attributes go by number."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pyrad.dictionary import Dictionary
from pyrad.packet import (
    AccessAccept,
    AcctPacket,
    AuthPacket,
    CoAACK,
    CoANAK,
    CoAPacket,
    CoARequest,
    DisconnectACK,
    DisconnectNAK,
    DisconnectRequest,
    Packet,
)

USER_NAME, USER_PASSWORD, CHAP_PASSWORD, NAS_IP, NAS_PORT, SERVICE_TYPE, FRAMED_IP = 1, 2, 3, 4, 5, 6, 8
REPLY_MESSAGE, CLASS, SESSION_TIMEOUT, IDLE_TIMEOUT, CALLED, CALLING, NAS_ID = 18, 25, 27, 28, 30, 31, 32
ACCT_STATUS, ACCT_INPUT, ACCT_OUTPUT, ACCT_SESSION_ID, ACCT_TIME, ACCT_CAUSE = 40, 42, 43, 44, 46, 49
ACCT_IN_GIGA, ACCT_OUT_GIGA, CHAP_CHALLENGE, NAS_PORT_TYPE, INTERIM, NAS_PORT_ID, ERROR_CAUSE = 52, 53, 60, 61, 85, 87, 101
WISPR_UP, WISPR_DOWN = (14122, 7), (14122, 8)
START, STOP, UPDATE, ON, OFF = 1, 2, 3, 7, 8
WIRELESS = 19
NO_NAMES = Dictionary()  # with it, and only with it, pyrad takes vendors' attributes apart
Key = int | tuple[int, int]
Attributes = Mapping[Key, bytes]


def number(value: int) -> bytes:
    """An integer as four octets."""
    return struct.pack("!I", value)


def address(ip: str) -> bytes:
    """An IPv4 address as four octets."""
    return socket.inet_aton(ip)


@dataclass(frozen=True)
class Answer:
    """What came back; `accept` is None when nothing did."""

    accept: bool | None
    attributes: dict[Key, bytes] = field(default_factory=dict)

    def integer(self, key: Key) -> int | None:
        """A number of four octets, if it is there."""
        value = self.attributes.get(key, b"")
        return struct.unpack("!I", value)[0] if len(value) == 4 else None


@dataclass
class RadiusLine:
    """The way to a RADIUS server. Requests are sent twice before the line is given up."""

    auth_port: int
    acct_port: int
    secret: str
    host: str = "127.0.0.1"
    patience: float = 2.5

    def ask(self, attributes: Attributes, password: str | None = None) -> Answer:
        """Access-Request, signed with Message-Authenticator; a clear password is hidden as RFC 2865 §5.2 says."""
        packet = AuthPacket(secret=self.secret.encode(), dict=NO_NAMES, authenticator=AuthPacket.CreateAuthenticator())
        packet.add_message_authenticator()
        if password is not None:
            packet[USER_PASSWORD] = [packet.PwCrypt(password)]
        reply = self._exchange(packet, attributes, self.auth_port)
        if reply is None:
            return Answer(None)
        return Answer(reply.code == AccessAccept, {key: values[0] for key, values in reply.items()})

    def account(self, attributes: Attributes) -> bool:
        """Accounting-Request; True when it was acknowledged."""
        return self._exchange(AcctPacket(secret=self.secret.encode(), dict=NO_NAMES), attributes, self.acct_port) is not None

    def _exchange(self, packet: Packet, attributes: Attributes, port: int) -> Packet | None:
        for key, value in attributes.items():
            packet[key] = [value]
        raw = packet.RequestPacket()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.connect((self.host, port))
            line.settimeout(self.patience)
            for _ in range(2):
                with contextlib.suppress(TimeoutError, ConnectionRefusedError):
                    line.send(raw)
                    reply = packet.CreateReply(packet=line.recv(4096))
                    assert packet.VerifyReply(reply), "an answer that the server did not sign"
                    return reply
        return None


@dataclass(frozen=True)
class Order:
    """A Disconnect- or CoA-Request as it was received."""

    disconnect: bool
    attributes: dict[Key, bytes]

    def text(self, key: int) -> str | None:
        """A text attribute, if it is there."""
        value = self.attributes.get(key)
        return value.decode() if value is not None else None


Verdict = bool | int | None  # done; NAK with an Error-Cause (0: without one); no answer


@contextlib.contextmanager
def orders(secret: str, take: Callable[[Order], Verdict]) -> Iterator[int]:
    """Listen for orders (RFC 5176); yields the port. What the secret did not sign is not answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        line.settimeout(0.1)
        ending = threading.Event()
        thread = threading.Thread(target=_listen, args=(line, secret.encode(), take, ending), daemon=True)
        thread.start()
        try:
            yield line.getsockname()[1]
        finally:
            ending.set()
            thread.join()


def _listen(line: socket.socket, secret: bytes, take: Callable[[Order], Verdict], ending: threading.Event) -> None:
    while not ending.is_set():
        with contextlib.suppress(TimeoutError):
            raw, sender = line.recvfrom(4096)
            answer = answer_to(raw, secret, take)
            if answer is not None:
                line.sendto(answer, sender)


def answer_to(raw: bytes, secret: bytes, take: Callable[[Order], Verdict]) -> bytes | None:
    """The datagram that answers an order."""
    request = CoAPacket(secret=secret, dict=NO_NAMES, packet=raw)
    if request.code not in (DisconnectRequest, CoARequest) or not request.VerifyCoARequest():
        return None
    if request.message_authenticator and not request.verify_message_authenticator():
        return None
    verdict = take(Order(request.code == DisconnectRequest, {key: values[0] for key, values in request.items()}))
    if verdict is None:
        return None
    reply = request.CreateReply()
    if verdict is True:
        reply.code = DisconnectACK if request.code == DisconnectRequest else CoAACK
    else:
        reply.code = DisconnectNAK if request.code == DisconnectRequest else CoANAK
        if verdict:
            reply[ERROR_CAUSE] = [number(int(verdict))]
    raw_reply: bytes = reply.ReplyPacket()
    return raw_reply
