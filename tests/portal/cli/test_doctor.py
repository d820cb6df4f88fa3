"""`vestibule doctor` as it is typed: a line for each check, whatever happens to it."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import text

from portal.cli import doctor
from portal.cli.house import House as OpenHouse
from portal.core.config import Settings
from portal.core.db import Base, Database
from portal.jobs.queue import QUEUE_FILE
from portal.venues import setup
from portal.venues.models import Nas, Venue
from tests.support.house import NOW, House

Cli = Callable[..., Result]
PASSWORD = "kept-to-itself"
ASKS_THE_DATABASE = ("worker", "RADIUS secret", "family filter", "last step")
sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def lines(cli: Cli) -> dict[str, tuple[bool, str]]:
    """What it says of each check. Some part of a demo in a test is always down: it must end with 1."""
    answer = cli("doctor", "--json")
    assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit), answer.exception
    assert PASSWORD not in answer.output
    return {row["check"]: (row["ok"], row["says"]) for row in json.loads(answer.stdout)}


def test_a_demo_without_a_worker_has_a_line_for_that_and_the_database_is_fine(cli: Cli, house: House) -> None:
    said = lines(cli)
    assert list(said) == list(doctor._CHECKS)
    assert said["worker"] == (False, "never started: run `vestibule serve`, or `vestibule worker` beside your own gunicorn")
    assert {name: said[name][0] for name in ("database", "migrations", "queue", "RADIUS secret")} == {
        "database": True, "migrations": True, "queue": True, "RADIUS secret": True,
    }  # fmt: skip


@sqlite
def test_a_database_that_is_down_costs_no_line_and_shows_no_password(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:1/x")
    said = lines(cli)
    assert list(said) == list(doctor._CHECKS)
    assert said["database"][1].startswith("does not answer (OperationalError)")
    assert said["queue"] == (
        False,
        "cannot be opened (OperationalError): is the database up, and may its user have the schema vestibule_queue?",
    )
    for name in ("migrations", *ASKS_THE_DATABASE, "clock"):
        assert said[name] == (False, "unknown, the database does not answer"), name
    assert said["e-mail account"][0]


def test_a_database_that_is_not_migrated_is_not_called_silent(cli: Cli, database: Database) -> None:
    Base.metadata.drop_all(database.engine)
    with database.writing() as session:
        session.execute(text("DROP TABLE alembic_version"))
    said = lines(cli)
    assert said["database"][0]
    assert said["migrations"] == (False, "behind the program: run `vestibule migrate`")
    for name in ASKS_THE_DATABASE:
        assert said[name] == (False, "unknown, the database is not migrated: run `vestibule migrate`"), name


def test_a_table_that_cannot_be_read_is_neither(cli: Cli, database: Database) -> None:
    with database.writing() as session:
        session.execute(text("ALTER TABLE heartbeat RENAME TO elsewhere"))
    ok, says = lines(cli)["worker"]
    assert not ok and says.startswith("unknown, the database refused (")


def test_a_weak_secret_is_named_with_the_command_that_mends_it(cli: Cli, database: Database, house: House) -> None:
    with database.writing() as session:
        session.get_one(Nas, house.nas_id).secret = "testing123"
    ok, says = lines(cli)["RADIUS secret"]
    assert not ok and f"for {house.nas_name}: `vestibule radius nas rotate NAME`" in says
    assert cli("radius", "nas", "rotate", house.nas_name).exit_code == 0
    assert lines(cli)["RADIUS secret"] == (True, "1 routers, each with its own")


def test_a_secret_that_two_routers_share_is_told_apart_by_the_same_command(cli: Cli, database: Database, house: House) -> None:
    with database.writing() as session:
        second = setup.add_nas(session, session.get_one(Venue, house.venue_id), "second", "192.0.2.1", NOW)
        second.secret = session.get_one(Nas, house.nas_id).secret
    assert lines(cli)["RADIUS secret"][1].startswith("1 routers share a secret with another: `vestibule radius nas rotate NAME`")
    assert cli("radius", "nas", "rotate", "second").exit_code == 0
    assert lines(cli)["RADIUS secret"] == (True, "2 routers, each with its own")


@sqlite
def test_a_queue_file_that_is_none_names_the_file(cli: Cli, settings: Settings) -> None:
    (settings.data_dir / QUEUE_FILE).write_bytes(b"no database at all" * 100)
    ok, says = lines(cli)["queue"]
    assert not ok and says.startswith("cannot be opened (DatabaseError)") and str(settings.data_dir / QUEUE_FILE) in says


@sqlite
def test_a_check_that_breaks_off_costs_its_own_answer_only(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_house: OpenHouse) -> str:
        raise ZeroDivisionError(f"postgresql://u:{PASSWORD}@db")

    monkeypatch.setitem(doctor._CHECKS, "worker", broken)
    said = lines(cli)
    assert said["worker"] == (False, "unknown, looking at it failed (ZeroDivisionError)")
    assert said["clock"][0]
