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
    assert typed("edit", row["code"], "--label", "Меню 2", "--plan-kopecks", "500").exit_code == 0
    retired = typed("retire", row["code"].upper())
    assert retired.exit_code == 0 and f"source reactivate {row['code']}" in retired.output
    listed = {line["code"]: line for line in json.loads(typed("list", house.venue_code, "--json").output)}
    assert set(listed) == {house.source_code, row["code"]}
    assert (listed[row["code"]]["label"], listed[row["code"]]["plan_kopecks"]) == ("Меню 2", 500)
    assert listed[row["code"]]["retired_at"] is not None
    assert typed("reactivate", row["code"]).exit_code == 0
    assert json.loads(typed("list", house.venue_code, "--json").output)[1]["retired_at"] is None
    assert "Меню 2" in typed("list", house.venue_code).output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("list", "nowhere"), "vestibule venue list"),
        (("create", "nowhere", "--kind", "menu", "--label", "x"), "vestibule venue list"),
        (("create", "teremok", "--kind", "menu", "--label", " "), "1 to 120 characters"),
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


def test_a_placement_is_paused_pointed_merged_and_parted(run: object, house: House, database: Database) -> None:
    typed = Typed(run)
    rows = json.loads(typed("batch", house.venue_code, "--label", "Место {n}", "--first", "8", "--last", "9", "--json").output)
    assert [row["label"] for row in rows] == ["Место 8", "Место 9"]
    one, other = (row["code"] for row in rows)
    assert "is paused" in typed("pause", one).output
    assert "is in use" in typed("resume", one).output
    assert f"{one} lands as {other}" in typed("point", one, other).output
    assert "leads back to this one" in typed("point", other, one).output
    assert f"{one} lands as itself" in typed("point", one).output
    assert f"part {one}" in typed("merge", one, other).output
    assert f"{one} stands by itself" in typed("part", one).output
    assert "called Место" in typed("batch", house.venue_code, "--label", "Место {n}", "--last", "8").output


def test_costs_are_written_down_listed_and_taken_back(run: object, house: House, database: Database) -> None:
    typed = Typed(run)
    at, day = ("cost", "add", house.source_code), ("--from", "2026-11-01")
    assert typed(*at, "--each", "250", "--pieces", "24", *day, "--note", "тираж").exit_code == 0
    assert typed(*at, "--days", "30000", *day, "--to", "2026-11-30").exit_code == 0
    assert typed(*at, "--once", "500", *day).exit_code == 0
    listed = json.loads(typed("cost", "list", house.source_code, "--json").output)
    assert [(row["kind"], row["total_kopecks"]) for row in listed] == [("once", 500), ("days", 30_000), ("pieces", 6000)]
    assert typed("cost", "remove", house.source_code, str(listed[0]["id"])).exit_code == 0
    assert len(json.loads(typed("cost", "list", house.source_code, "--json").output)) == 2
    again = typed("cost", "remove", house.source_code, str(listed[0]["id"]))
    assert again.exit_code != 0 and "cost list" in again.output


@pytest.mark.parametrize(
    "words",
    [("--once", "5", "--days", "7"), (), ("--each", "5"), ("--once", "5", "--pieces", "3"), ("--days", "5")],
)
def test_a_cost_is_of_one_kind(run: object, words: tuple[str, ...]) -> None:
    result = Typed(run)("cost", "add", "teremo-7", *words, "--from", "2026-11-01")
    assert result.exit_code != 0 and "exactly one" in result.output
