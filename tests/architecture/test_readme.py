"""The README's tables are held to the code. `python -m tests.support.settings_table` writes the table anew."""

import re
import tomllib
from pathlib import Path

from portal.core.config import Settings
from tests.support.settings_table import between_markers, table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_every_setting_stands_in_the_readme_with_its_default_and_meaning() -> None:
    assert between_markers(README) == table()


def test_the_table_names_each_setting_once() -> None:
    named = re.findall(r"^\| `VESTIBULE_([A-Z_]+)`", README, re.M)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in listed}
    reasons = {name.lower() for name in re.findall(r"^\| \[?`([A-Za-z0-9_-]+)`", README, re.M)}
    assert names - reasons == set()


def test_every_room_is_on_the_map() -> None:
    rooms = {
        path.name for path in (ROOT / "portal").iterdir() if path.is_dir() and not path.name.startswith(("_", "translations"))
    }
    assert {room for room in rooms if not re.search(rf"^\s*[├└│ ─]*{room}/", README, re.M)} == set()


def test_every_dependency_is_pinned() -> None:
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    pinned = {_plain(name) for name in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert {_plain(re.split(r"[\[<>=!~ ]", line)[0]) for line in listed} - pinned == set()


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
