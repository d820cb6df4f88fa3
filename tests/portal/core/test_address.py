"""Addresses as servers see them."""

import socket

import pytest

from portal.core.address import is_every, is_loopback, own_address, read_address, with_port


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%a-very-long-name-of-a-network-interface", "fe80::1"),
        ("", ""),
        (None, ""),
        ("unknown", ""),
        ("203.0.113.7:5123", ""),
    ],
)
def test_an_address_is_read_whatever_the_server_makes_of_it(seen: str | None, read: str) -> None:
    assert read_address(seen) == read


@pytest.mark.parametrize(
    ("host", "itself"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("[::1]", True),
        ("localhost", True),
        ("192.168.1.1", False),
        ("wifi.cafe.example", False),
        ("", False),
    ],
)
def test_the_machine_itself_is_known(host: str, itself: bool) -> None:
    assert is_loopback(host) is itself


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::1", "[::1]:8000"),
        ("::", "[::]:8000"),
        ("wifi.cafe.example", "wifi.cafe.example:8000"),
    ],
)
def test_an_ipv6_address_stands_in_brackets_before_its_port(host: str, written: str) -> None:
    assert with_port(host, 8000) == written


@pytest.mark.parametrize(("host", "every"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("wifi.example.ru", False)])
def test_what_stands_for_every_address_is_known(host: str, every: bool) -> None:
    assert is_every(host) is every


def test_the_machines_own_address_is_one_that_it_can_listen_on() -> None:
    with socket.socket() as probe:
        probe.bind((own_address(), 0))


def test_a_machine_without_a_network_has_no_address_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unplugged(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "socket", Unplugged)
    assert own_address() == ""
