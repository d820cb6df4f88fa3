"""The CSV: every figure of the table, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.acquisition import sources
from portal.core.db import Database
from portal.reporting.exports import channels_csv, safe_cell, write
from portal.reporting.funnel import channels
from portal.venues.directory import venue_by_id
from tests.support.house import NOW, House
from tests.support.visits import add_visit

S = timedelta(seconds=1)


def read(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def export(database: Database, house: House) -> list[list[str]]:
    with database.reading() as session:
        day = date(2026, 11, 22)
        report = channels(session, venue_by_id(session, house.venue_id), day, day, now=NOW)
    return read(channels_csv(report, "en"))


def test_the_table_has_a_line_per_source_other_total_and_those_apart(database: Database, house: House) -> None:
    with database.writing() as session:
        add_visit(session, house, NOW, {"phone": S, "verified": 2 * S, "card": 2 * S})
        add_visit(session, house, NOW, {})
        add_visit(session, house, NOW, {}, source_id=None)
        add_visit(session, house, NOW, {}, visitor_class="bot")
    head, *lines = export(database, house)
    assert len(set(head)) == len(head)
    assert [(line[0], line[8]) for line in lines] == [
        ("Source", "2"), ("Other", "1"), ("Total", "3"), ("Bots", "1"), ("Vouchers", "0"), ("Remembered devices", "0"),
    ]  # fmt: skip
    source = dict(zip(head, lines[0], strict=True))
    assert (source["Label"], source["Code"], source["Kind"]) == ("Стол 7", house.source_code, "table_tent")
    assert (source["Phones"], source["Phones: share of visits, %"], source["Cards: share of the previous step, %"]) == (
        "1", "50.00", "100.00",
    )  # fmt: skip
    assert (source["First day"], source["Window, hours"]) == ("2026-11-22", "24")


def test_a_label_that_is_a_formula_stays_a_text(database: Database, house: House) -> None:
    with database.writing() as session:
        source = sources.find_by_code(session, house.source_code)
        assert source
        sources.edit(session, source, label='=HYPERLINK("http://evil.example";"card")')
    assert export(database, house)[1][1] == '\'=HYPERLINK("http://evil.example";"card")'


@pytest.mark.parametrize("cell", ["=1+1", "+7 903 123-45-67", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "  =1"])
def test_every_beginning_that_runs_is_quoted(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "7", "50.00", "Стол 7", "table-tent", "a=b"])
def test_ordinary_cells_stay(cell: str) -> None:
    assert safe_cell(cell) == cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1), max_size=4))
def test_whatever_is_in_a_cell_it_comes_back_and_never_runs(lines: list[list[str]]) -> None:
    back = read(write(lines))
    assert [[cell.removeprefix("'") for cell in line] for line in back if line] == [
        [cell.removeprefix("'") for cell in line] for line in lines
    ]
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) for line in back for cell in line)
