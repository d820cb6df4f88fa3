"""`vestibule source` as it is typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from portal.core.db import Database
from tests.support.house import House


@pytest.fixture
def run(tmp_path: Path, database_url: str, house: House, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VESTIBULE_DEMO", "true")
    monkeypatch.setenv("VESTIBULE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(main, ["source", *words])


class Typed:
    """Commands of one installation."""

    def __init__(self, run: object) -> None:
        self.run = run

    def __call__(self, *words: str) -> Result:
        return self.run(*words)  # type: ignore[operator, no-any-return]


def test_a_source_is_made_changed_retired_and_listed(run: object, house: House, database: Database) -> None:
    typed = Typed(run)
    made = typed("create", house.venue_code, "--kind", "menu", "--label", "Меню", "--utm-source", "Menu_Card", "--json")
    assert made.exit_code == 0, made.output
    (row,) = json.loads(made.output)
    assert (row["utm_source"], row["link"]) == ("menu-card", f"http://127.0.0.1:8000/s/{row['code']}")
    assert typed("edit", row["code"], "--label", "Меню 2", "--cost-kopecks", "500").exit_code == 0
    retired = typed("retire", row["code"].upper())
    assert retired.exit_code == 0 and f"source reactivate {row['code']}" in retired.output
    listed = {line["code"]: line for line in json.loads(typed("list", house.venue_code, "--json").output)}
    assert set(listed) == {house.source_code, row["code"]}
    assert (listed[row["code"]]["label"], listed[row["code"]]["cost_kopecks"]) == ("Меню 2", 500)
    assert listed[row["code"]]["retired_at"] is not None
    assert typed("reactivate", row["code"]).exit_code == 0
    assert json.loads(typed("list", house.venue_code, "--json").output)[1]["retired_at"] is None
    assert "Меню 2" in typed("list", house.venue_code).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("list", "nowhere"), "vestibule venue list"),
        (("create", "nowhere", "--kind", "menu", "--label", "x"), "vestibule venue list"),
        (("create", "teremok", "--kind", "menu", "--label", " "), "bad_label"),
        (("create", "teremok", "--kind", "billboard", "--label", "x"), "billboard"),
        (("edit", "nosuch7", "--label", "x"), "vestibule source list"),
        (("edit", "teremo-7"), "at least one option"),
        (("retire", "nosuch7"), "vestibule source list"),
        (("edit", "teremo-7", "--printed-count", "-1"), "printed-count"),
    ],
)
def test_a_failure_exits_non_zero_and_says_what_to_do(run: object, words: tuple[str, ...], says: str) -> None:
    result = Typed(run)(*words)
    assert result.exit_code != 0
    assert says in result.output
