"""Whatever a body holds: never a 500, never an accept, never a packet that the database cannot hold or that holds up the next."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.access.models import AccountingSession
from portal.core.db import Database
from portal.core.migrations import migrate
from radius_hooks.app import create_app
from radius_hooks.packets import BadPacket, accounting_report, read_attributes
from tests.conftest import make_settings
from tests.support.access import make_grant
from tests.support.house import NOW, build_house
from tests.support.spooled import Accounting, line, raw_line

NAMES = (
    "User-Name", "Calling-Station-Id", "Acct-Status-Type", "Acct-Session-Id", "Acct-Session-Time", "Acct-Delay-Time",
    "Acct-Input-Octets", "Acct-Input-Gigawords", "Framed-IP-Address", "Acct-Terminate-Cause",
)  # fmt: skip
ODD = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 5000,
    "-1",
    "9" * 400,
    "Start",
    "Stop",
    "Accounting-On",
    "interim-update",
    "%{User-Name}",
    "'; --",
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(ODD)
values = scalars | st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.sampled_from(["value", "type"]), v), max_leaves=5
)
packets = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=20), values, max_size=12)
CORPUS = (
    b"", b"null", b"[]", b"1", b'"User-Name"', b"{", b"{}", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 20_000, b"NaN",
    b'{"User-Name": 1e999}', b'{"User-Name": ' + b"9" * 5000 + b"}", b'{"User-Name": "\\ud800"}', b'{"User-Name": {"value": {}}}',
    b'{"User-Name": {"value": []}}', b'{"User-Name": "a", "User-Name": "b"}', b"x" * 70_000,
)  # fmt: skip
NAS = "teremok-nas"
_serial = itertools.count(1)


@dataclass
class Hooks:
    """One of each for all examples, with a live grant that nothing malformed may get."""

    client: FlaskClient
    accounting: Accounting
    database: Database


@pytest.fixture(scope="module")
def knocked(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    """Made once."""
    folder: Path = tmp_path_factory.mktemp("malformed")
    settings = make_settings(folder)
    database = Database(settings.url_of_database)
    migrate(database.engine)
    with database.writing() as session:
        make_grant(session, build_house(session), NOW)
    client = create_app(settings, database, lambda: NOW).test_client()
    client.environ_base["HTTP_X_VESTIBULE_SECRET"] = settings.radius_hook_secret.get_secret_value()
    return Hooks(client, Accounting(settings.accounting_spool, database, NAS), database)


def harmless(hooks: Hooks, body: bytes) -> None:
    """Asked of authorize, and written into the spool with a good packet behind it."""
    answer = hooks.client.post(f"/authorize/{NAS}", data=body, content_type="application/json")
    assert answer.status_code in (200, 400, 413)
    assert b"Cleartext-Password" not in answer.data and b"Accept" not in answer.data
    good = {"Acct-Status-Type": "Start", "Acct-Session-Id": f"good-{next(_serial)}", "User-Name": "nobody"}
    hooks.accounting.write(raw_line(NOW, NAS, body), line(NOW, NAS, good))
    assert hooks.accounting.read() >= 1
    with hooks.database.reading() as session:
        stored = select(AccountingSession.id).where(AccountingSession.acct_session_id == good["Acct-Session-Id"])
        assert session.scalars(stored).one()


@pytest.mark.parametrize("body", CORPUS, ids=range(len(CORPUS)))
def test_the_corpus_is_harmless(knocked: Hooks, body: bytes) -> None:
    harmless(knocked, body)


@given(st.binary(max_size=300))
@hypothesis_settings(max_examples=100)
def test_random_bytes_are_harmless(knocked: Hooks, body: bytes) -> None:
    harmless(knocked, body)


@given(packets)
@hypothesis_settings(max_examples=300)
def test_random_packets_are_harmless(knocked: Hooks, packet: dict[str, Any]) -> None:
    harmless(knocked, json.dumps(packet).encode())


@given(packets)
def test_every_report_that_is_read_fits_its_columns(packet: dict[str, Any]) -> None:
    base = {"Acct-Status-Type": "Start", "Acct-Session-Id": "s", "User-Name": "u"}
    try:
        report = accounting_report(read_attributes(json.dumps({**base, **packet}).encode()))
    except BadPacket:
        return
    assert len(report.acct_session_id) <= 120 and len(report.user_name) <= 120
    assert len(report.terminate_cause or "") <= 40 and len(report.ip or "") <= 45
    for count in (report.delay_seconds, report.session_seconds or 0, report.input_octets, report.output_octets):
        assert 0 <= count < 2**63
    (report.acct_session_id + report.user_name + (report.terminate_cause or "")).encode()
    assert "\x00" not in report.acct_session_id + report.user_name


def test_a_long_path_is_harmless(knocked: Hooks) -> None:
    answer = knocked.client.post("/authorize/" + "n" * 3000, json={"User-Name": "a"})
    assert answer.get_json()["control:Auth-Type"]["value"] == ["Reject"]
