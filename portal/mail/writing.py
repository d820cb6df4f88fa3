"""A letter's text, written once and rendered twice: as plain text and as the simplest HTML that mail programs agree on."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_STYLE = "font:16px/1.5 system-ui,sans-serif;color:#1b1a1d;max-width:640px"
_CELL = "padding:4px 12px 4px 0;border-bottom:1px solid #ddd;text-align:left;vertical-align:top"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain words."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Link:
    """An address to open; it may hold a secret, so it has no repr."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as the head has."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Heading | Link | Table


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """What a composer gives. `unsubscribe` is an https address that takes the reader off by one POST (RFC 8058)."""

    subject: str
    blocks: tuple[Block, ...]
    unsubscribe: str = ""


def as_text(blocks: Iterable[Block]) -> str:
    """Lines for a reader without HTML."""
    return "\n\n".join(_text(block) for block in blocks) + "\n"


def as_html(blocks: Iterable[Block], language: str) -> str:
    """One self-contained page: no picture, no script, nothing that is fetched when it is opened."""
    body = "".join(_html(block) for block in blocks)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"></head>'
        f'<body style="{_STYLE}">{body}</body></html>'
    )


def _text(block: Block) -> str:
    match block:
        case Heading(text):
            return text.upper()
        case Paragraph(text):
            return text
        case Link(label, url):
            return f"{label}:\n{url}"
        case Table(head, rows):
            return "\n".join(" | ".join(cells) for cells in (head, *rows))


def _html(block: Block) -> str:
    match block:
        case Heading(text):
            return f'<h2 style="font-size:18px;margin:24px 0 8px">{escape(text)}</h2>'
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Link(label, url):
            return f'<p><a href="{escape(url)}">{escape(label)}</a></p>'
        case Table(head, rows):
            lines = _row("th", head) + "".join(_row("td", cells) for cells in rows)
            return f'<table style="border-collapse:collapse;font-size:15px">{lines}</table>'


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"
