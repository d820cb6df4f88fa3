"""The letters as they would leave, shown at the command line."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

from portal.cli.report import report
from portal.core.clock import utcnow
from tests.conftest import make_settings
from tests.support.dashboard import employ
from tests.support.visits import add_visit


@pytest.fixture
def run(monkeypatch, tmp_path, database, database_url):
    from portal.cli import house as houses
    from portal.cli import report_letters

    opened = houses.House(make_settings(tmp_path, database_url=database_url), database)
    monkeypatch.setattr(report_letters, "open_house", lambda: opened)
    return lambda *words: CliRunner().invoke(report, words)


def test_the_weekly_letter_is_shown_and_sent_on_a_wish(run, database, house, tmp_path) -> None:
    employ(database, house.organization_id, "owner")
    with database.writing() as session:
        add_visit(session, house, utcnow() - timedelta(days=7), {})
    shown = run("weekly", "--to", "owner@teremok.example")
    assert shown.exit_code == 0, shown.output
    assert "ТЕРЕМОК" in shown.output and "/dashboard/overview?venue=teremok" in shown.output
    assert list(tmp_path.rglob("*.eml")) == []
    assert run("weekly", "--to", "owner@teremok.example", "--send").exit_code == 0
    assert len(list(tmp_path.rglob("*.eml"))) == 1


def test_who_is_nobody_or_gets_none_is_told_so(run, database, house) -> None:
    employ(database, house.organization_id, "staff")
    assert "no such login" in run("weekly", "--to", "nobody@teremok.example").output
    assert "owners and marketers" in run("weekly", "--to", "staff@teremok.example").output


def test_a_look_now_says_what_stands_out(run, database, house) -> None:
    assert run("alerts").output.strip().endswith("0 new")
