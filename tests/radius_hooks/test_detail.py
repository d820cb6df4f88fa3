"""What FreeRADIUS writes down: read whole, never past what is whole."""

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from radius_hooks.detail import read
from radius_hooks.packets import BadPacket, read_attributes

ONE = b'#\n1795381013 cafe-nas {"Acct-Status-Type":"Start","Acct-Session-Id":"s1","Acct-Input-Octets":5}\n#\n'


def session_ids(piece: bytes) -> list[str]:
    """Of the packets that are whole."""
    found = []
    for packet in read(piece):
        with contextlib.suppress(BadPacket):
            found.append(read_attributes(packet.body)["Acct-Session-Id"])
    return found


def test_a_line_is_a_packet_of_a_router() -> None:
    (packet,) = read(ONE)
    assert (packet.nas_name, packet.received_at) == ("cafe-nas", 1795381013)
    assert read_attributes(packet.body) == {"Acct-Status-Type": "Start", "Acct-Session-Id": "s1", "Acct-Input-Octets": "5"}


def test_a_value_cannot_pretend_to_be_another_packet() -> None:
    body = json.dumps({"User-Name": 'x"}\n2 other-nas {"Acct-Session-Id":"s"}\n', "Acct-Session-Id": "mine"}).encode()
    (packet,) = read(b"1 cafe-nas " + body + b"\n")
    assert packet.nas_name == "cafe-nas" and read_attributes(packet.body) == {"Acct-Session-Id": "mine"}


def test_a_packet_cut_short_by_a_crash_spoils_neither_neighbour() -> None:
    for cut in range(len(ONE)):
        assert session_ids(ONE + ONE[:cut] + ONE.replace(b"s1", b"s2"))[-1] == "s2"
        assert session_ids(ONE + ONE[:cut])[0] == "s1"


def test_a_packet_cut_short_is_told_of() -> None:
    """linelog cuts at 4,096 bytes and answers all the same: whoever stores packets must hear of it."""
    cut, whole = read(ONE.replace(b'"s1"', b'"s')[:70] + b"\n" + ONE)
    assert cut.nas_name == "cafe-nas" and not cut.body.endswith(b"}") and whole.body.endswith(b"}")


@given(st.integers(0, len(ONE) * 3))
def test_reading_goes_on_where_it_ended(cut: int) -> None:
    whole = b"".join(ONE.replace(b"s1", b"s%d" % n) for n in range(3))
    first = list(read(whole[:cut]))
    position = first[-1].end if first else 0
    assert session_ids(whole[:cut]) + session_ids(whole[position:]) == ["s0", "s1", "s2"]


@given(st.binary(max_size=400))
def test_noise_is_passed_over(noise: bytes) -> None:
    assert session_ids(noise.replace(b"{", b"") + ONE) == ["s1"]
