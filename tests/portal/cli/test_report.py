"""`vestibule report` as it is typed."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select, update

from portal.cli import main
from portal.core.clock import utcnow
from portal.core.db import Database
from portal.jobs import sums
from portal.reporting.models import RollupMark, VisitRollup
from tests.support.house import House
from tests.support.visits import add_visit


@pytest.fixture
def typed(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VESTIBULE_DEMO", "true")
    monkeypatch.setenv("VESTIBULE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(main, ["report", *words])


def test_sums_that_drifted_are_told_and_built_again(typed: Callable[..., Result], database: Database, house: House) -> None:
    with database.writing() as session:
        for days in (5, 40, 70):
            add_visit(session, house, utcnow() - timedelta(days=days), {})
    sums.keep_up(database, utcnow())
    assert typed("check").exit_code == 0
    with database.writing() as session:
        session.execute(update(VisitRollup).where(VisitRollup.grain == "day").values(visits=9))
    checked = typed("check", "--json")
    assert checked.exit_code == 1 and "report rebuild" in checked.stderr
    (line,) = json.loads(checked.stdout)
    assert line["venue"] == house.venue_code and line["rows_differ"] >= 6
    with database.reading() as session:
        assert session.scalar(select(func.count(RollupMark.id))) == 0  # looking changes nothing
    rebuilt = typed("rebuild", "--venue", house.venue_code)
    assert rebuilt.exit_code == 0 and "3 months built" in rebuilt.output
    assert typed("check").exit_code == 0


def test_a_venue_that_does_not_exist_is_named(typed: Callable[..., Result], database: Database, house: House) -> None:
    refused = typed("rebuild", "--venue", "nowhere")
    assert refused.exit_code == 1 and "'nowhere'" in refused.output


def test_before_the_first_run_there_is_nothing_to_check(typed: Callable[..., Result], database: Database, house: House) -> None:
    assert typed("check").exit_code == 0
    assert typed("rebuild").exit_code == 0
