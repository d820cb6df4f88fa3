"""Files: every figure of the tables, typed in XLSX, and nothing that a spreadsheet would run."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.acquisition import sources
from portal.core.db import Database
from portal.reporting.exports import Column, Table, safe_cell, write, write_csv, write_xlsx
from portal.reporting.question import Question
from portal.reporting.tables import TABLES, build
from portal.reporting.tables.wanted import Wanted
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House
from tests.support.visits import add_visit

S = timedelta(seconds=1)
DAY = date(2026, 11, 22)
FORMULAS = ("=1+1", "+7 903 123-45-67", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "  =1")
HOSTILE = '=HYPERLINK("http://evil.example";"card")'


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_csv(table: Table) -> list[list[str]]:
    out = io.BytesIO()
    write_csv(table, out)
    return read_csv(out.getvalue())


def as_sheet(table: Table) -> Any:
    out = io.BytesIO()
    write_xlsx(table, out)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue())).active


def table_of(session: Any, house: House, name: str, language: str = "en") -> Table:
    venue = venue_by_id(session, house.venue_id)
    return build(name, Wanted(session, Question(venue, DAY, DAY), [venue], language, NOW))


def export(database: Database, house: House, name: str = "channels") -> list[list[str]]:
    with database.reading() as session:
        return as_csv(table_of(session, house, name))


@pytest.fixture
def visits(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOW, {"phone": S, "verified": 2 * S, "card": 2 * S})
        add_visit(session, house, NOW, {})
        add_visit(session, house, NOW, {}, source_id=None)
        add_visit(session, house, NOW, {}, visitor_class="bot")


def test_the_channel_table_has_a_line_per_source_other_total_and_those_apart(database, house, visits) -> None:
    head, *lines = export(database, house)
    assert len(set(head)) == len(head)
    named = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(line["Source"], line["Visits"]) for line in named] == [
        ("Стол 7", "2"), ("Other", "1"), ("Total", "3"), ("Bots", "1"), ("Previews", "0"), ("Vouchers", "0"),
        ("Remembered devices", "0"),
    ]  # fmt: skip
    source = named[0]
    assert (source["Code"], source["Kind"]) == (house.source_code, "table_tent")
    assert (source["Phone left"], source["Phone left: share of visits, %"]) == ("1", "50.00")
    assert source["Card issued: share of the previous step, %"] == "100.00"
    assert (source["First day"], source["Window"]) == ("2026-11-22", "24h")


@pytest.mark.parametrize("name", sorted(TABLES))
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_table_is_written_in_both_formats_with_the_same_lines(database, house, visits, name, language) -> None:
    with database.reading() as session:
        lines = as_csv(table_of(session, house, name, language))
        sheet = as_sheet(table_of(session, house, name, language))
    assert {len(line) for line in lines} == {sheet.max_column}
    assert len(lines) == sheet.max_row
    assert len(set(lines[0])) == len(lines[0])
    firsts = [sheet.cell(n, 1).value for n in range(2, sheet.max_row + 1)]
    assert [line[0] for line in lines[1:]] == [f"{one:%Y-%m-%d}" if isinstance(one, datetime) else one for one in firsts]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_russian_file_is_headed_in_russian(database, house, visits, name) -> None:
    with database.reading() as session:
        head = as_csv(table_of(session, house, name, "ru"))[0]
    latin = {word for one in head for word in re.findall(r"[A-Za-z][\w-]*", one) if not word.startswith("utm_")}
    assert latin <= {"SMS", "p"}  # p of statistics


def test_a_funnel_says_how_many_were_lost(database, house, visits) -> None:
    lines = export(database, house, "funnel")
    phone = next(line for line in lines if line[0] == "Total" and line[3] == "Phone left")
    assert (phone[4], phone[5], phone[-1]) == ("1", "33.33", "2")


def test_a_label_that_is_a_formula_stays_a_text_in_both(database, house) -> None:
    with database.writing() as session:
        source = sources.find_by_code(session, house.source_code)
        assert source
        sources.edit(session, source, NOW, label=HOSTILE)
    for name in ("channels", "funnel", "sources", "spending"):
        assert export(database, house, name)[1][0] == "'" + HOSTILE
        with database.reading() as session:
            cell = as_sheet(table_of(session, house, name)).cell(2, 1)
        assert (cell.data_type, cell.value) == ("s", HOSTILE)


def test_numbers_days_and_moments_are_typed_and_in_the_venues_zone() -> None:
    kinds = ("text", "whole", "share", "money", "day", "moment", "number", "seconds")
    row = ("a", 1234, 0.5, 12_345, DAY, datetime(2026, 11, 22, 22, 30, tzinfo=UTC), 0.0123, 1.5)
    table = Table("All", tuple(Column(kind, kind) for kind in kinds), [row, (None,) * 8], "Asia/Kolkata")
    assert as_csv(table)[1:] == [
        ["a", "1234", "50.00", "123.45", "2026-11-22", "2026-11-23 04:00:00+05:30", "0.0123", "1.5"], [""] * 8
    ]  # fmt: skip
    sheet = as_sheet(table)
    cells = [sheet.cell(2, place) for place in range(1, 9)]
    assert [str(cell.value) for cell in cells] == [
        "a", "1234", "0.5", "123.45", "2026-11-22 00:00:00", "2026-11-23 04:00:00", "0.0123", "1.5"
    ]  # fmt: skip
    assert [cell.data_type for cell in cells] == ["s", "n", "n", "n", "d", "d", "n", "n"]
    assert cells[2].number_format == "0.0%"
    assert sheet.freeze_panes == "A2"


def test_a_long_table_is_written_line_by_line() -> None:
    alive, most = 0, 0

    class Row(tuple):
        def __new__(cls, *cells: str) -> "Row":
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            return super().__new__(cls, cells)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    for writer in (write_csv, write_xlsx):
        rows = (Row(str(n), "x" * 50) for n in range(20_000))
        assert writer(Table("Long", (Column("n"), Column("x")), rows), io.BytesIO()) == 20_000
    assert most < 10


@pytest.mark.parametrize("cell", FORMULAS)
def test_a9_every_beginning_that_runs_is_quoted_in_csv_and_a_text_in_xlsx(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell
    out = io.BytesIO()
    write_xlsx(Table(cell, (Column(cell),), [(cell,)]), out)
    with zipfile.ZipFile(out) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "<f " not in sheet
    assert set(re.findall(r'<c r="A\d+"[^>]* t="(\w+)"', sheet)) <= {"inlineStr", "s"}


@pytest.mark.parametrize("cell", ["", "7", "50.00", "Стол 7", "table-tent", "a=b"])
def test_ordinary_cells_stay(cell: str) -> None:
    assert safe_cell(cell) == cell


def _without_guards(lines: Iterable[list[str]]) -> list[list[str]]:
    return [[cell.replace("'", "") for cell in line] for line in lines]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1), max_size=4))
@example([["0;="]])
def test_whatever_is_in_a_cell_it_comes_back_and_never_runs(lines: list[list[str]]) -> None:
    back = read_csv(write(lines))
    assert _without_guards(line for line in back if line) == _without_guards(lines), "nothing but apostrophes is put in"
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for line in back for cell in line)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.text(max_size=40))
def test_whatever_is_a_text_or_a_title_makes_a_book_that_opens(text: str, title: str) -> None:
    title = title.encode("utf-8", "replace").decode()
    sheet = as_sheet(Table(title, (Column("x"),), [(text,)]))
    cell = sheet.cell(2, 1)
    assert cell.data_type in ("s", "n") and (cell.value is None or isinstance(cell.value, str))


@pytest.mark.parametrize("separator", [";", "\t", "|", ", "])
def test_a_cell_that_another_countrys_spreadsheet_splits_begins_no_formula_either(separator: str) -> None:
    cell = safe_cell(f"Иван{separator}=cmd|'/C calc'!A0")
    parts = [part.strip() for part in re.split(r"[;,\t|]", cell)]
    assert not any(part.startswith(("=", "+", "-", "@")) for part in parts)
    assert safe_cell("Стол 7; у окна") == "Стол 7; у окна"
