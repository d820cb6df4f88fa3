"""A27: a webhook goes to the open internet only, to the very address that was checked, and never waits long."""

import socket
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from portal.core.errors import NetworkInsideTransaction
from portal.webhooks import addresses, posting
from portal.webhooks.addresses import BadAddress
from portal.webhooks.posting import post
from tests.support.certificates import write_authority
from tests.support.webhook_receiver import Receiver

INSIDE = (
    "127.0.0.1", "127.8.8.8", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "240.1.1.1", "198.18.0.1", "::1", "::", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:0001::", "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "ff02::1",
    "2001:db8::1",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a27_no_address_of_our_own_network_is_open(address: str) -> None:
    assert not addresses.is_open(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2a00:1450:4010::5e", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"])
def test_the_open_internet_is_open(address: str) -> None:
    assert addresses.is_open(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_a27_every_writing_of_loopback_is_refused_before_anything_is_connected(host: str) -> None:
    with Receiver() as receiver:
        reply = post(f"https://{host}:{receiver.port}/", b"{}", {})
        assert (reply.status, reply.error) == (None, "private_address")
        assert receiver.taken == []


def test_a27_a_name_with_one_address_inside_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_args: object, **_kw: object) -> list[object]:
        return [(socket.AF_INET, 1, 6, "", (address, 443)) for address in ("93.184.216.34", "192.168.1.1")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert post("https://rebinding.example/", b"{}", {}).error == "private_address"


def test_a27_what_is_connected_to_is_what_was_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The name is looked up once: a second answer, as in DNS rebinding, is never asked for."""
    ca, server = write_authority(tmp_path, "hooks.example")
    asked = []
    with Receiver(server) as receiver:
        real = socket.getaddrinfo

        def once(host: str, port: int, *args: object, **kw: object) -> object:
            asked.append(host)
            return real("127.0.0.1", port, *args, **kw)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", once)
        reply = post(f"https://hooks.example:{receiver.port}/", b"{}", {}, demo=True, ca_file=str(ca))
    assert reply.status == 204
    assert asked[0] == "hooks.example"
    assert "hooks.example" not in asked[1:]
    assert receiver.taken[0].headers["host"] == f"hooks.example:{receiver.port}"


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/", "ftp://example.org/", "https://", "https://user:pass@example.org/", "//example.org/",
        "https://[::1", "https://example.org:70000/", "https://example.org:0/", "https://exa mple.org/", "https://a\r\nb.org/",
        "javascript:alert(1)", "https://example.org/" + "x" * 300, "https://" + "x" * 64 + ".example/", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_a27_only_plain_https_addresses_are_read(url: str) -> None:
    with pytest.raises(BadAddress):
        addresses.read(url)
    assert post(url, b"{}", {}).error == "bad_url"


def test_a27_a_redirect_is_an_answer_and_not_followed() -> None:
    with Receiver(answers=[302]) as receiver:
        receiver.location = f"http://127.0.0.1:{receiver.port}/elsewhere"
        reply = post(receiver.url, b"{}", {}, demo=True)
    assert (reply.status, reply.taken) == (302, False)
    assert len(receiver.taken) == 1


def test_a_certificate_of_nobody_known_is_refused(tmp_path: Path) -> None:
    _ca, server = write_authority(tmp_path)
    with Receiver(server) as receiver:
        assert post(receiver.url, b"{}", {}, demo=True).error == "certificate"
    assert receiver.taken == []


def test_a_certificate_of_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca, server = write_authority(tmp_path)
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *args, **kw: real("127.0.0.1", *args, **kw))
    with Receiver(server) as receiver:
        assert post(f"https://other.example:{receiver.port}/", b"{}", {}, demo=True, ca_file=str(ca)).error == "certificate"


def test_an_answer_that_trickles_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TOTAL_SECONDS", 1.0)
    with Receiver(trickle=True) as receiver:
        began = time.monotonic()
        reply = post(receiver.url, b"{}", {}, demo=True)
    assert (reply.status, reply.error) == (None, "too_slow")
    assert time.monotonic() - began < 4


def test_a_long_answer_is_left_unread() -> None:
    with Receiver(large=True) as receiver:
        began = time.monotonic()
        reply = post(receiver.url, b"{}", {}, demo=True)
    assert reply.status == 204
    assert time.monotonic() - began < 3


def test_nobody_there_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", b"{}", {}, demo=True).error == "no_answer"
    assert post("https://no-such-host.invalid/", b"{}", {}).error == "unknown_host"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_sent_inside_a_transaction(database) -> None:
    with database.reading(), pytest.raises(NetworkInsideTransaction):
        post("https://example.org/", b"{}", {})
