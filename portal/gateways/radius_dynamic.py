"""Disconnect-Request and CoA-Request (RFC 5176): a packet for one session of one NAS, and what its answer says.

pyrad encodes and verifies; attributes go by number, so no dictionary is read. Every request names the session by
User-Name and Acct-Session-Id: CoovaChilli does not answer without the first, and MikroTik takes the two together.
"""

import struct
from dataclasses import dataclass, field
from datetime import datetime

from pyrad.packet import CoAACK, CoAPacket, CoARequest, DisconnectACK, DisconnectRequest, PacketError

USER_NAME, SESSION_TIMEOUT, ACCT_SESSION_ID, EVENT_TIMESTAMP, ERROR_CAUSE = 1, 27, 44, 55, 101
WISPR_UP, WISPR_DOWN, MIKROTIK_RATE_LIMIT = (14122, 7), (14122, 8), (14988, 8)
SESSION_NOT_FOUND = 503  # RFC 5176 §3.5: Session Context Not Found
LONGEST = 253  # octets of one attribute's value


@dataclass(frozen=True, slots=True)
class NasSession:
    """A session as its NAS knows it."""

    user_name: str
    acct_session_id: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a running session may have from now on. Seconds since its start; kbit/s, 0 is no limit."""

    session_timeout: int
    up_kbps: int
    down_kbps: int


@dataclass(frozen=True, slots=True)
class Answered:
    """ACK, or NAK with its Error-Cause; chilli gives none where it does not know the session."""

    ack: bool
    cause: int | None = None

    @property
    def gone(self) -> bool:
        """The NAS has no such session any more."""
        return not self.ack and self.cause in (None, SESSION_NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, sent unchanged however often: the NAS knows a repetition by its identifier."""

    raw: bytes = field(repr=False)
    _packet: CoAPacket = field(repr=False)

    def read(self, raw: bytes) -> Answered | None:
        """The answer in a datagram; None for what is no answer to this request from who knows the secret."""
        try:
            answer = self._packet.CreateReply(packet=raw)
        except (PacketError, struct.error, ValueError, IndexError):
            return None
        if not self._packet.VerifyReply(answer) or answer.code - self._packet.code not in (1, 2):
            return None
        if answer.code in (DisconnectACK, CoAACK):
            return Answered(True)
        causes = [value for value in answer.get(ERROR_CAUSE) or [] if len(value) == 4]
        return Answered(False, struct.unpack("!I", causes[0])[0] if causes else None)


def disconnect(session: NasSession, secret: str, identifier: int, now: datetime) -> Request:
    """Disconnect-Request (RFC 5176 §2.1)."""
    return _request(DisconnectRequest, session, secret, identifier, now)


def change(session: NasSession, terms: Terms, kind: str | None, secret: str, identifier: int, now: datetime) -> Request:
    """CoA-Request (RFC 5176 §2.2) with the time and the speeds in the words of the NAS's `kind`."""
    more: dict[int | tuple[int, int], bytes] = {SESSION_TIMEOUT: struct.pack("!I", max(terms.session_timeout, 1))}
    if kind == "mikrotik":
        more[MIKROTIK_RATE_LIMIT] = f"{_k(terms.up_kbps)}/{_k(terms.down_kbps)}".encode()
    else:
        more[WISPR_UP] = struct.pack("!I", terms.up_kbps * 1000)
        more[WISPR_DOWN] = struct.pack("!I", terms.down_kbps * 1000)
    return _request(CoARequest, session, secret, identifier, now, more)


def _request(
    code: int,
    session: NasSession,
    secret: str,
    identifier: int,
    now: datetime,
    more: dict[int | tuple[int, int], bytes] | None = None,
) -> Request:
    packet = CoAPacket(code, identifier, secret.encode(), message_authenticator=True)
    packet.add_message_authenticator()
    packet[USER_NAME] = [session.user_name.encode()[:LONGEST]]
    if session.acct_session_id:
        packet[ACCT_SESSION_ID] = [session.acct_session_id.encode()[:LONGEST]]
    packet[EVENT_TIMESTAMP] = [struct.pack("!I", int(now.timestamp()))]
    for key, value in (more or {}).items():
        packet[key] = [value]
    return Request(packet.RequestPacket(), packet)


def _k(kbps: int) -> str:
    return f"{kbps}k" if kbps else "0"
