"""A café's line that loses a fifth of all packets, each way: the written configuration, real FreeRADIUS, real gunicorn."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from sqlalchemy import select

from portal.access import grants
from portal.access.models import AccessGrant, AccountingSession
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from tests.conftest import skip_or_fail
from tests.labs.network import missing as network_missing
from tests.support.access import make_grant
from tests.support.hooks_server import HooksServer
from tests.support.house import House
from tests.support.lossy import LossyNetwork, lossy_network
from tests.support.programs import wait_until
from tests.support.radius import PrivateRadius, missing
from tests.support.radius_packets import (
    ACCEPT,
    ACCOUNTING_RESPONSE,
    INTERIM,
    START,
    STOP,
    Asked,
    access_request,
    accounting_request,
    ask_all,
)

pytestmark = pytest.mark.freeradius
DEVICES = 60
PERCENT = 20
AGAIN_AFTER, TRIES = 0.25, 40  # seconds; a packet and its answer come through in 16 of 25 tries


@pytest.fixture
def line(settings: Settings, database: Database, house: House) -> Iterator[tuple[LossyNetwork, PrivateRadius]]:
    """FreeRADIUS and its hooks behind the line."""
    for reason in (missing(), network_missing()):
        if reason:
            skip_or_fail(reason)
    with ExitStack() as closing:
        network = closing.enter_context(lossy_network())
        hooks = HooksServer(settings, prefix=network.prefix)
        hooks.start()
        closing.callback(hooks.stop)
        radius = PrivateRadius(settings, database, hooks.url, prefix=network.prefix)
        closing.callback(radius.stop)
        assert wait_until(lambda: hooks.log().count("Booting worker") >= settings.web_workers, 20), hooks.log()
        network.lose(PERCENT, radius.auth_port, radius.acct_port)
        yield network, radius


def ask(network: LossyNetwork, port: int, packets: list[bytes]) -> list[Asked]:
    with network.thread() as thread:
        return thread.submit(ask_all, port, packets, AGAIN_AFTER, TRIES).result()


def test_every_verified_device_gets_in_and_every_octet_is_counted_once(
    line: tuple[LossyNetwork, PrivateRadius], database: Database, house: House
) -> None:
    network, radius = line
    macs = [Mac(f"0200000000{number:02x}") for number in range(DEVICES)]
    with database.writing() as session:
        granted: list[AccessGrant] = [make_grant(session, house, utcnow(), mac=mac) for mac in macs]
    logins = [grants.login(grant, utcnow()) for grant in granted]
    asking = [
        access_request(n, radius.secret, login.user_name, login.password, mac.dashes, chap=n % 2 == 1)
        for n, (login, mac) in enumerate(zip(logins, macs, strict=True))
    ]
    asked = ask(network, radius.auth_port, asking)
    assert Counter(one.code for one in asked) == {ACCEPT: DEVICES}
    for status, seconds, octets in ((START, 0, 0), (INTERIM, 300, 1000), (STOP, 400, 1500)):
        reports = [
            accounting_request(n, radius.secret, status, f"s{n}", login.user_name, mac.dashes, seconds, (octets, 2 * octets))
            for n, (login, mac) in enumerate(zip(logins, macs, strict=True))
        ]
        asked += ask(network, radius.acct_port, reports)
        assert Counter(one.code for one in asked[-DEVICES:]) == {ACCOUNTING_RESPONSE: DEVICES}
    assert min(network.lost()) > 10 and max(one.tries for one in asked) > 2  # the line was as bad as it was meant to be
    assert radius.replay() > 3 * DEVICES  # answered, and the answer lost: reported again
    with database.reading() as session:
        rows = session.scalars(select(AccountingSession)).all()
    assert {row.grant_id for row in rows} == {grant.id for grant in granted} and len(rows) == DEVICES
    totals = {(row.session_seconds, row.input_octets, row.output_octets, row.stopped_at is not None) for row in rows}
    assert totals == {(400, 1500, 3000, True)}
