"""`vestibule sms` against the pretend gate."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import sms as commands
from portal.cli.house import House as OpenHouse
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.sms import budgets
from portal.venues.models import Venue
from tests.conftest import make_settings
from tests.support.house import House
from tests.support.sms import PHONE, queue_one
from tests.support.smsaero_gate import SmsAeroGate

Run = Callable[..., Result]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[SmsAeroGate]:
    with SmsAeroGate(tmp_path) as gate:
        yield gate


@pytest.fixture
def run(database: Database, database_url: str, gate: SmsAeroGate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    opened = OpenHouse(make_settings(tmp_path, **gate.settings, database_url=database_url), database)
    monkeypatch.setattr(commands, "open_house", lambda: opened)
    return lambda *arguments: CliRunner().invoke(commands.sms, list(arguments))


def test_the_balance_is_roubles(run: Run) -> None:
    assert json.loads(run("balance", "--json").stdout) == [{"sender": "smsaero", "roubles": "337.03"}]


def test_a_test_message_is_sent_to_the_number(run: Run, gate: SmsAeroGate) -> None:
    result = run("test", "--number", "8 (903) 123-45-67")
    assert result.exit_code == 0 and "took it" in result.stdout
    assert len(gate.outbox.of(PHONE)) == 1


@pytest.mark.parametrize(
    ("number", "says"),
    [("12", "+79031234567"), ("+79031234512", "top up"), ("+79031234508", "SMSAERO_API_KEY"), ("+79031234525", "SIGNATURE")],
)
def test_a_failure_is_an_exit_code_and_says_what_to_do(run: Run, number: str, says: str) -> None:
    result = run("test", "--number", number)
    assert result.exit_code == 1
    assert says in result.stderr


def test_messages_are_listed_with_their_numbers_masked(run: Run, database: Database, house: House) -> None:
    with database.writing() as session:
        queue_one(session, house, utcnow())
    (row,) = json.loads(run("list", "--json").stdout)
    assert (row["status"], row["phone"], row["venue"]) == ("queued", "+7 ••• ••• 45-67", house.venue_code)
    assert "9031234567" not in run("list").stdout
    assert json.loads(run("list", "--json", "--venue", "elsewhere").stdout) == []


def test_reconciling_finishes_what_is_open(run: Run, database: Database, house: House, gate: SmsAeroGate) -> None:
    with database.writing() as session:
        queue_one(session, house, utcnow() - timedelta(seconds=5))
    assert "looked after 1; 1 still open" in run("reconcile").stdout  # sent, and not yet known to have arrived
    assert len(gate.outbox.of(PHONE)) == 1
    assert "looked after 0" in run("reconcile").stdout


def test_budgets_are_shown_per_path(run: Run, database: Database, house: House, settings: Settings) -> None:
    with database.writing() as session:
        budgets.claim(session, session.get_one(Venue, house.venue_id), "me", utcnow(), settings)
    wifi, qr = json.loads(run("budgets", house.venue_code, "--json").stdout)
    assert (wifi["spent_roubles"], qr["spent_roubles"], qr["this_minute"]) == ("0.00", "6.00", "1/10")
    assert run("budgets", "nowhere").exit_code == 1
