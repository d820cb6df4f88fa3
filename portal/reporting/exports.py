"""Tables as files: CSV (RFC 4180, UTF-8 with the byte order mark that Excel needs) and XLSX, row by row in little memory.

A text that a spreadsheet would run as a formula gets an apostrophe in front in CSV (OWASP, CSV injection): a label or a UTM
value can come from anybody's link. In XLSX texts are stored as texts, numbers as numbers and days as days.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

Cell = str | int | float | date | datetime | None
FORMATS = {
    "text": "@",
    "whole": "#,##0",
    "share": "0.0%",
    "number": "0.0000",
    "seconds": "0.0",
    "money": "#,##0.00",
    "day": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}
UNITS = {"share": ", %", "money": ", ₽"}  # signs that need no translation; other units stand in the titles
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet of another country splits cells at other signs than ours: what would begin a cell there is guarded as well.
_INSIDE = re.compile(r"(?<!^)([;,\t|]\s*)(?=[=+\-@＝＋－＠])")
_LONGEST = 32_000  # characters that Excel takes in a cell: 32,767
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and what stands under it (a name of FORMATS): a share from 0 to 1, money in kopecks, moments in any zone."""

    title: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` may be a generator: each is written as it comes. Moments are shown in `zone`."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]
    zone: str = "UTC"


def write_csv(table: Table, out: IO[bytes]) -> int:
    """Write a table; returns its lines without the heading."""
    out.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(_safe(column.title + UNITS.get(column.kind, "") for column in table.columns))
    count = 0
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        lines.writerow(_safe(_as_text(cell, column.kind, table.zone) for cell, column in cells))
        count += 1
    text.detach()
    return count


def write_xlsx(table: Table, out: IO[bytes]) -> int:
    """The same as a workbook of one sheet, its heading frozen."""
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": FORMATS["moment"]})
    sheet = book.add_worksheet(_sheet_name(table.title))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    formats = {kind: book.add_format({"num_format": said}) for kind, said in FORMATS.items()}
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        money = UNITS["money"] if column.kind == "money" else ""
        sheet.set_column(place, place, min(_WIDEST, max(12, len(column.title) // 2 + 4)))
        sheet.write_string(0, place, column.title + money, bold)
    count = 0
    for count, row in enumerate(table.rows, 1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            _put(sheet, count, place, _as_value(cell, column.kind, table.zone), formats[column.kind])
    book.close()
    return count


WRITERS: dict[str, tuple[str, Callable[[Table, IO[bytes]], int]]] = {
    "csv": ("text/csv", write_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
}


def write(lines: Iterable[Iterable[str]]) -> bytes:
    """Cells of text to the bytes of a CSV, each made safe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(_safe(line) for line in lines)
    return text.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    guarded = _INSIDE.sub(r"\1'", text)
    return "'" + guarded if guarded.lstrip(" ").startswith(_FORMULA) else guarded


def _safe(cells: Iterable[str]) -> Iterator[str]:
    return (safe_cell(cell) for cell in cells)


def _as_text(cell: Cell, kind: str, zone: str) -> str:
    """Numbers never begin with a sign here: shares, counts and money are not negative, and differences are said as they are."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        return cell
    scaled = {"share": 100 * cell, "money": cell / 100}.get(kind, cell)
    return f"{scaled:.2f}" if kind in ("share", "money") else f"{scaled:.4g}" if isinstance(scaled, float) else str(scaled)


def _as_value(cell: Cell, kind: str, zone: str) -> Cell:
    if isinstance(cell, datetime):
        return cell.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
    return cell / 100 if kind == "money" and isinstance(cell, (int, float)) else cell


def _put(sheet: Any, line: int, place: int, value: Cell, how: Any) -> None:
    """Nothing is guessed: a text that looks like a formula, a number or an address stays a text."""
    if value is None:
        return
    if isinstance(value, str):
        sheet.write_string(line, place, value[:_LONGEST], how)
    elif isinstance(value, (datetime, date)):
        sheet.write_datetime(line, place, value, how)
    else:
        sheet.write_number(line, place, value, how)


def _sheet_name(title: str) -> str:
    """At most 31 characters, none of []:*?/\\ , no apostrophe at an end (Excel's rules)."""
    return "".join(c for c in title if c not in "[]:*?/\\" and c.isprintable())[:31].strip("' ") or "Table"
