import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.rcode
import pytest

from portal.cli.checks import Wrong
from portal.cli.family_filter import family_filter
from portal.cli.house import House as OpenHouse
from portal.core.config import Settings
from portal.core.db import Database
from portal.venues.models import Venue
from tests.support.house import House


@pytest.fixture
def opened(database: Database, settings: Settings, house: House) -> OpenHouse:
    return OpenHouse(settings, database)


@pytest.fixture
def resolver() -> Iterator[int]:
    """A resolver on loopback that knows no name; its port."""
    done = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.05)
        thread = threading.Thread(target=_answer, args=(server, done))
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


def _answer(server: socket.socket, done: threading.Event) -> None:
    while not done.is_set():
        with contextlib.suppress(TimeoutError):
            query, who = server.recvfrom(2000)
            reply = dns.message.make_response(dns.message.from_wire(query))
            reply.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(reply.to_wire(), who)


def change(opened: OpenHouse, house: House, **values: object) -> None:
    with opened.database.writing() as session:
        for name, value in values.items():
            setattr(session.get_one(Venue, house.venue_id), name, value)


def test_an_open_wifi_venue_without_any_measure_is_named(opened: OpenHouse, house: House) -> None:
    with pytest.raises(Wrong, match=rf"at {house.venue_code}: .*--family-dns"):
        family_filter(opened)


def test_a_venue_that_is_closed_or_has_no_wifi_needs_none(opened: OpenHouse, house: House) -> None:
    change(opened, house, live=False)
    assert family_filter(opened) == "no Wi-Fi venue is open"


def test_the_notice_is_a_measure(opened: OpenHouse, house: House) -> None:
    change(opened, house, adult_notice=True)
    assert family_filter(opened) == "0 resolvers answer, 1 venues tell guests"


def test_a_filter_that_answers_is_a_measure(opened: OpenHouse, house: House, resolver: int) -> None:
    change(opened, house, family_dns=["127.0.0.1"])
    assert family_filter(opened, resolver) == "1 resolvers answer, 0 venues tell guests"


def test_a_filter_that_is_silent_would_leave_guests_without_internet(opened: OpenHouse, house: House) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))  # takes queries, answers none
        change(opened, house, family_dns=["127.0.0.1"])
        with pytest.raises(Wrong, match=r"do not answer: 127\.0\.0\.1"):
            family_filter(opened, closed.getsockname()[1])
