"""The frame of the command line: help, refusals, tables, progress."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from sqlalchemy.exc import OperationalError

from portal.cli import COMMANDS, LazyGroup, house, main
from portal.core.errors import PortalError
from tests.support.canary import SECRETS


def refusing(error: Exception) -> LazyGroup:
    """A group whose one command ends with `error`."""

    class Group(LazyGroup):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            def fail() -> None:
                raise error

            return click.Command(cmd_name, callback=fail)

    return Group("group")


def test_help_names_every_command() -> None:
    told = CliRunner().invoke(main, ["--help"]).output
    assert [name for name in COMMANDS if f"\n  {name} " not in told] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_subcommand_has_help(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None and command.name == name
    assert command.help
    for child in getattr(command, "commands", {}).values():
        assert child.help, f"{name} {child.name}"
        undocumented = [p.name for p in child.params if isinstance(p, click.Option) and not p.help]
        assert undocumented == [], f"{name} {child.name}"


def test_an_unknown_command_says_so() -> None:
    answer = CliRunner().invoke(main, ["frobnicate"])
    assert answer.exit_code == 2
    assert "frobnicate" in answer.output


def test_a_refusal_of_the_product_is_one_line_and_a_failure() -> None:
    answer = CliRunner().invoke(refusing(PortalError("unknown_venue", venue="x-1")), ["venue"])
    assert answer.exit_code == 1
    assert answer.output.strip() == "Error: no such venue; `vestibule venue list` shows them"


def test_a_missing_table_says_what_to_do() -> None:
    answer = CliRunner().invoke(refusing(OperationalError("SELECT", {}, Exception("no such table: venue"))), ["venue"])
    assert answer.exit_code == 1
    assert "vestibule migrate" in answer.output


def test_wrong_settings_are_listed_and_what_to_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with CliRunner().isolated_filesystem():
        for name in ("DEMO", "SECRET_KEY", "DATA_DIR"):
            monkeypatch.delenv(f"VESTIBULE_{name}", raising=False)
        answer = CliRunner().invoke(main, ["migrate"])
    assert answer.exit_code == 1
    assert "VESTIBULE_SECRET_KEY" in answer.output and "VESTIBULE_PUBLIC_URL" in answer.output
    assert "make run" in answer.output


@pytest.mark.parametrize("folder", ["/dev/null/x", "/dev/null", "/proc/vestibule"])
@pytest.mark.parametrize("demo", ["true", "false"])
def test_a_data_folder_that_cannot_be_used_is_named_and_what_to_do_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: str, demo: str
) -> None:
    monkeypatch.chdir(tmp_path)
    values = {**SECRETS, "demo": demo, "public_url": "https://wifi.teremok.example", "data_dir": folder}
    for name, value in values.items():
        monkeypatch.setenv(f"VESTIBULE_{name.upper()}", value)
    answer = CliRunner().invoke(main, ["migrate"])
    assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit)
    assert f"Error: {folder}" in answer.output and "VESTIBULE_DATA_DIR must be a folder" in answer.output


def test_a_data_folder_that_can_only_be_read_is_refused_too(
    cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path)
    answer = cli("venue", "list")
    assert answer.exit_code == 1 and f"Error: {tmp_path} cannot be used (not writable)" in answer.output


def test_rows_are_a_table_for_people_and_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"name": "Теремок", "at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "live": True},
        {"name": "Я", "at": None, "live": False},
    ]
    house.show(rows, as_json=True)
    assert json.loads(capsys.readouterr().out)[0] == {"name": "Теремок", "at": "2026-01-02T03:04:00+00:00", "live": True}
    house.show(rows, as_json=False)
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "at", "live"]
    assert first.index("2026") == second.index("–") == head.index("at")


def test_no_rows_are_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    house.show([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_progress_is_told_only_when_it_takes_long(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with house.progress("quick"):
        pass
    monkeypatch.setattr(house, "QUIET_SECONDS", 0.05)
    with house.progress("slow"):
        time.sleep(0.2)
    assert capsys.readouterr().err == "slow … 0 s\n"
