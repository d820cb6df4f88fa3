"""Whatever a room refuses, the command line says in words what to do."""

import ast
import string
from functools import cache
from pathlib import Path

import pytest

from portal.cli.refusals import REFUSALS, in_words
from portal.core.errors import PortalError

ROOT = Path(__file__).parents[3]
# Met by guests and browsers alone: their pages have the words.
OF_PAGES = {
    "bad_token", "expired_token", "unknown_device", "form", "logo_not_a_picture", "logo_too_large", "logo_too_many_pixels",
    "too_many_tokens", "too_many_webhooks",
}  # fmt: skip


@cache
def raised() -> dict[str, set[str]]:
    """Every code that stands in a `PortalError("…", …)` of the rooms, with the names of its details."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PortalError" and node.args:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    found.setdefault(code.value, set()).update(one.arg for one in node.keywords if one.arg)
    return found


def test_every_refusal_of_a_room_has_words() -> None:
    assert set(raised()) - set(REFUSALS) - OF_PAGES == set()


def test_no_words_stand_for_a_refusal_that_nobody_makes() -> None:
    assert set(REFUSALS) - set(raised()) == set()


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_words_name_only_what_the_refusal_brings(code: str) -> None:
    named = {name for _text, name, _spec, _conversion in string.Formatter().parse(REFUSALS[code]) if name}
    assert named <= raised()[code]


def test_a_refusal_is_a_sentence_and_an_unknown_one_its_code() -> None:
    assert in_words(PortalError("unknown_role", role="boss")) == "no role boss: owner, marketer or staff"
    assert in_words(PortalError("strange", why="x")) == "refused: strange (why=x)"
