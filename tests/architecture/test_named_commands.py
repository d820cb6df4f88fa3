"""A command that is named to somebody can be typed: each mention is looked up in the tree of commands itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click

from portal.cli import main

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("portal", "radius_hooks") for path in (ROOT / folder).rglob("*.py")]
PLAIN = [ROOT / "README.md", *(ROOT / "templates").rglob("*.*"), *(ROOT / "radius_hooks/raddb").glob("*.in")]
# Routers and FreeRADIUS have things of this name, too; those are no commands.
MENTION = re.compile(r"(?<![\w=-])(?<!= )(?<!inet )(?<!profile set )vestibule((?:(?: +|\n *)[a-z][a-z-]*)+)")


def test_every_command_that_is_named_to_somebody_exists() -> None:
    named = {(str(path.relative_to(ROOT)), words) for path, text in _texts() for words in MENTION.findall(text)}
    assert len(named) > 50  # else they are not found at all
    assert sorted(f"{place}: vestibule{words}" for place, words in named if not _exists(words.split())) == []


def _exists(words: list[str]) -> bool:
    """Whatever follows a command that is no group is prose, or its arguments."""
    command: click.Command | None = main
    for word in words:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word)
    return command is not None


def _texts() -> Iterator[tuple[Path, str]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value
    for path in PLAIN:
        yield path, path.read_text()
