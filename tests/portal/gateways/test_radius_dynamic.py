"""Disconnect and CoA requests, byte by byte, and answers that must not be believed."""

import hashlib
import hmac
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.gateways import radius_dynamic
from portal.gateways.radius_dynamic import Answered, NasSession, Request, Terms
from tests.support.fake_nas import FakeNas, Received

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SECRET = "nas-secret"
SESSION = NasSession("a1b2c3-s9x", "179536191600000001")


def disconnect() -> Request:
    return radius_dynamic.disconnect(SESSION, SECRET, 77, NOW)


def heard(request: Request, secret: str = SECRET) -> Received:
    """What the hand-written NAS reads, having verified both signatures."""
    nas = FakeNas(secret.encode())
    nas.handle(request.raw)
    assert nas.received, "the NAS did not believe it"
    return nas.received[0]


def test_a_disconnect_names_the_session_by_user_and_id_and_is_signed_first() -> None:
    request = disconnect()
    got = heard(request)
    assert (got.code, got.identifier) == (40, 77)
    assert (got.attributes[1], got.attributes[44]) == (SESSION.user_name.encode(), SESSION.acct_session_id.encode())
    assert got.attributes[55] == struct.pack("!I", int(NOW.timestamp()))
    assert request.raw[20] == 80  # Message-Authenticator before everything else (CVE-2024-3596)


def test_a_nas_with_another_secret_does_not_believe_it() -> None:
    nas = FakeNas(b"another")
    assert nas.handle(disconnect().raw) is None and not nas.received


def test_chilli_is_told_time_and_speeds_in_wispr_and_mikrotik_in_its_own_words() -> None:
    terms = Terms(session_timeout=3600, up_kbps=4000, down_kbps=8000)
    chilli = heard(radius_dynamic.change(SESSION, terms, "coovachilli", SECRET, 1, NOW))
    assert chilli.code == 43 and chilli.attributes[27] == struct.pack("!I", 3600)
    assert chilli.attributes[14122, 7] == struct.pack("!I", 4_000_000)
    assert chilli.attributes[14122, 8] == struct.pack("!I", 8_000_000)
    mikrotik = heard(radius_dynamic.change(SESSION, terms, "mikrotik", SECRET, 1, NOW))
    assert mikrotik.attributes[14988, 8] == b"4000k/8000k" and (14122, 7) not in mikrotik.attributes


@pytest.mark.parametrize(("cause", "answer"), [
    (0, Answered(True)), (503, Answered(False, 503)), (-1, Answered(False)), (501, Answered(False, 501)),
])  # fmt: skip
def test_an_answer_is_read_with_its_cause(cause: int, answer: Answered) -> None:
    nas = FakeNas(SECRET.encode(), answers=lambda _request: cause)
    raw = nas.handle(disconnect().raw)
    assert raw is not None and disconnect().read(raw) == answer
    assert answer.gone == (cause in (-1, 503))


def _ack(secret: str = SECRET, identifier: int = 77, code: int = 41, signed: bytes | None = None) -> bytes:
    body = b"" if signed is None else bytes([80, 18]) + signed
    head = struct.pack("!BBH", code, identifier, 20 + len(body))
    return head + hashlib.md5(head + disconnect().raw[4:20] + body + secret.encode()).digest() + body


@pytest.mark.parametrize("raw", [
    _ack("guessed"), _ack(identifier=78), _ack(code=44), _ack(code=2), _ack(code=40), _ack()[:-1], b"", b"\x29", b"\x00" * 20,
    _ack(signed=b"forged authentic"),
])  # fmt: skip
def test_an_answer_that_is_forged_mixed_up_or_broken_is_none(raw: bytes) -> None:
    assert disconnect().read(raw) is None


def test_a_signed_answer_is_believed() -> None:
    head = struct.pack("!BBH", 41, 77, 38)
    signature = hmac.digest(SECRET.encode(), head + disconnect().raw[4:20] + bytes([80, 18]) + bytes(16), "md5")
    assert disconnect().read(_ack(signed=signature)) == Answered(True)


@given(st.binary(max_size=200))
def test_noise_is_never_an_answer(noise: bytes) -> None:
    assert disconnect().read(noise) is None


@given(st.integers(0, 19), st.integers(1, 255))
def test_one_changed_octet_undoes_an_answer(place: int, change: int) -> None:
    raw = bytearray(_ack())
    raw[place] ^= change
    assert disconnect().read(bytes(raw)) is None
