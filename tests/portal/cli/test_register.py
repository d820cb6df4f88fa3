import json
import stat
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import register as commands
from portal.cli.house import House as OpenHouse
from portal.cli.register import register
from portal.core.config import Settings
from portal.core.db import Database
from portal.privacy.register_export import signed_by
from tests.support.access import PHONE_MAC, make_grant
from tests.support.house import House

REQUEST = ("--entity", "1", "--request", "ОП № 5, запрос 12/345 от 20.11.2026")


@pytest.fixture(autouse=True)
def opened(database: Database, house: House, settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "open_house", lambda: OpenHouse(settings, database))
    monkeypatch.setattr(commands, "utcnow", lambda: now)
    with database.writing() as session:
        make_grant(session, house, now)


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(register, list(arguments), input=stdin)


def test_an_export_is_for_its_owners_eyes_signed_and_listed(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    done = run("export", *REQUEST, "--mac", PHONE_MAC.dashes, "--output", str(file))
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    seal = signed_by(file.read_bytes())
    assert seal is not None and seal["lines"] == 1
    assert "whole: 1 lines" in run("verify", str(file)).output
    (kept,) = json.loads(run("exports", "--entity", "1", "--json").output)
    assert (kept["asked"], kept["lines"], kept["sha256"]) == ("mac", 1, seal["sha256"])
    assert "at the command line" in kept["who"]


def test_times_are_taken_in_the_venues_zone(tmp_path: Path) -> None:
    def count(begins: str, ends: str, name: str) -> int:
        done = run("export", *REQUEST, "--from", begins, "--to", ends, "--output", str(tmp_path / name))
        assert done.exit_code == 0, done.output
        seal = signed_by((tmp_path / name).read_bytes())
        assert seal is not None
        return int(seal["lines"])

    assert count("2026-11-22T12:00", "2026-11-22T12:01", "noon-in-moscow.zip") == 1  # the grant began at 9:00 UTC
    assert count("2026-11-22T11:00", "2026-11-22T12:00", "before.zip") == 0


def test_a_number_comes_by_standard_input(tmp_path: Path) -> None:
    done = run("export", *REQUEST, "--phone-stdin", "--output", str(tmp_path / "a.zip"), stdin="8 916 123-45-67\n")
    assert done.exit_code == 0 and "9161234567" not in done.output
    wrong = run("export", *REQUEST, "--phone-stdin", "--output", str(tmp_path / "b.zip"), stdin="12\n")
    assert wrong.exit_code == 1 and "type it whole" in wrong.output and not (tmp_path / "b.zip").exists()


def test_what_cannot_be_exported_says_why(tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    nothing = run("export", *REQUEST, "--output", str(file))
    assert nothing.exit_code == 1 and "say what is asked for" in nothing.output
    stranger = run("export", "--entity", "77", "--request", "x", "--mac", PHONE_MAC.hex, "--output", str(file))
    assert stranger.exit_code == 1 and "vestibule venue list" in stranger.output
    assert "no MAC address" in run("export", *REQUEST, "--mac", "zz", "--output", str(file)).output
    assert not file.exists()
    file.write_bytes(b"kept")
    assert "choose another name" in run("export", *REQUEST, "--mac", PHONE_MAC.hex, "--output", str(file)).output
    assert file.read_bytes() == b"kept"
    assert "not an export" in run("verify", str(file)).output
