"""Documents as HTML: a title, numbered headings, paragraphs and lists, and nothing that an owner could inject.

The page loses no character: the text of the element (tags taken away) is the body, byte for byte, so its SHA-256 is the
one that records hold. That is why headings keep their numbers and list items their bullets.
"""

import re
import unicodedata
from html import escape
from itertools import groupby

BULLET = "• "
MOST = 60_000  # characters
_HEADING = re.compile(r"\d+(\.\d+)*\. [^\n]*[^\s.,:;]")


def clean(typed: str) -> str:
    """A body as it is stored: one kind of newline, no control or direction marks, no loose spaces at the ends of lines."""
    text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n").replace("\r", "\n"))
    unseen = {c for c in set(text) if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")}
    text = text.translate(dict.fromkeys(map(ord, unseen)))
    lines = "\n".join(line.strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def title_of(body: str) -> str:
    """The first line."""
    return body.split("\n", 1)[0]


def to_html(body: str) -> str:
    """Safe HTML of a body; see the module for what it promises."""
    title, _, rest = body.partition("\n\n")
    blocks = [f"<h1>{escape(title)}</h1>", *(_block(block) for block in rest.split("\n\n") if rest)]
    return "\n\n".join(blocks)


def _block(block: str) -> str:
    if _HEADING.fullmatch(block):
        return f"<h2>{escape(block)}</h2>"
    runs = groupby(block.split("\n"), lambda line: line.startswith(BULLET))
    return "\n".join(_list(list(lines)) if listed else f"<p>{escape(chr(10).join(lines))}</p>" for listed, lines in runs)


def _list(lines: list[str]) -> str:
    return "<ul>" + "\n".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
