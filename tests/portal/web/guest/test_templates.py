"""Rules for every guest template: nothing from another host, nothing inline, no exclamation marks (A45)."""

import re
from pathlib import Path

import pytest

from portal.core.share import SHARE

PAGES = sorted([*(SHARE / "templates" / "guest").rglob("*.html"), *(SHARE / "templates" / "errors").rglob("*.html")])
ASSETS = sorted(path for path in (SHARE / "static" / "guest").rglob("*") if path.suffix in (".css", ".js", ".svg"))


def ids(path: Path) -> str:
    return path.name


def test_there_is_something_to_look_at() -> None:
    assert len(PAGES) >= 10
    assert len(ASSETS) >= 3


@pytest.mark.parametrize("path", [*PAGES, *ASSETS], ids=ids)
def test_nothing_names_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"https?://[^\s\"'<]+", text)
    assert not re.findall(r"""(?:src|href|action|url\()\s*=?\s*["']?//""", text)


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_nothing_is_written_inline_that_the_policy_would_stop(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"<[^>]+\sstyle\s*=", text)
    assert not re.findall(r"<[^>{]+\son[a-z]+\s*=", text)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", text)
    assert not re.findall(r"javascript:", text)


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_no_box_is_ticked_in_advance_and_nothing_opens_another_window(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "target=" not in text  # captive windows have no tabs
    for box in re.findall(r"<input[^>]*checkbox.*?}}>", text):
        assert "checked" not in box.replace("{% if box.purpose in form.ticked and not errors.get(id) %} checked{% endif %}", "")


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_texts_are_calm(path: Path) -> None:
    for said in re.findall(r"""_\((["'])(.+?)\1""", path.read_text(encoding="utf-8")):
        assert "!" not in said[1]
        assert "oops" not in said[1].lower()
