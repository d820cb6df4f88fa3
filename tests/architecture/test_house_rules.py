"""Rules of the house that a reader should never have to check by hand."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("portal", "radius_hooks") for path in (ROOT / folder).rglob("*.py"))
# Longer than 250 lines, and why that reads better than two files.
LONG: dict[str, str] = {}


def test_rooms_only_look_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_room_on_disk_stands_in_the_list_of_layers() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(rule for rule in rules if rule["name"] == "rooms only look down")
    assert layers["exhaustive"] is True
    listed = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    on_disk = {path.stem for path in (ROOT / "portal").iterdir() if _is_module(path)}
    assert listed == on_disk
    frameworkless = next(rule for rule in rules if rule["name"] == "rooms know no web framework")
    with_web = {"web", "app", "wsgi", "cli", "__main__", "gunicorn_conf", "gunicorn_log", "gunicorn_worker"}
    assert {name.removeprefix("portal.") for name in frameworkless["source_modules"]} == on_disk - with_web


def test_a_file_can_be_read_at_once() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in lengths.items() if lines > 250 and name not in LONG} == {}
    assert {name for name in LONG if lengths.get(name, 0) <= 250} == set(), "no longer long: take it off the list"


def test_only_the_core_commits() -> None:
    assert _found(r"\.(commit|rollback)\(", except_in="portal/core/") == []


def test_migrations_never_import_the_product() -> None:
    guilty = [
        p.name for p in (ROOT / "migrations/versions").glob("*.py") if re.search(r"^\s*(from|import) portal", p.read_text(), re.M)
    ]
    assert guilty == []


def test_every_library_that_is_imported_is_asked_for() -> None:
    """By pyproject.toml itself, or by something that it asks for and that shows it as its own (Flask's Werkzeug)."""
    asked = {_name(line) for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]}
    lent = {_name(line) for library in asked for line in requires(library) or () if "extra ==" not in line}
    known = packages_distributions()
    imported = {module.split(".")[0] for path in SOURCES for module in _imports(path)} - {"portal", "radius_hooks"}
    outside = {_name(known[module][0]) for module in imported if module in known}
    assert imported - set(known) <= sys.stdlib_module_names
    assert outside - asked - lent == set()


def test_nothing_is_left_for_later() -> None:
    assert _found(r"\b(TODO|FIXME|XXX)\b") == []


def test_names_say_what_a_thing_is() -> None:
    vague = {"utils", "util", "helpers", "helper", "managers", "manager", "handlers", "handler", "misc", "common", "data", "info"}
    assert [path for path in SOURCES if path.stem in vague or path.parent.name in vague] == []


def test_the_time_is_asked_for_at_the_doors() -> None:
    rooms = r"\bdatetime\.now\(|\butcnow\(\)"
    allowed = ("portal/core/clock.py", "portal/cli/", "portal/web/parts.py")
    assert [hit for hit in _found(rooms) if not hit.startswith(allowed)] == []


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _name(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def _is_module(path: Path) -> bool:
    return path.name not in {"__init__.py", "__pycache__", "translations", "_share"} and (path.is_dir() or path.suffix == ".py")


def _found(pattern: str, except_in: str = "-") -> list[str]:
    hits = []
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        if not name.startswith(except_in):
            lines = enumerate(path.read_text().splitlines(), 1)
            hits += [f"{name}:{number}: {line.strip()}" for number, line in lines if re.search(pattern, line)]
    return hits
