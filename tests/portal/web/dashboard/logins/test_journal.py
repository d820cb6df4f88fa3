"""The journal as it is read, filtered and taken away."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

from portal.staff import accounts, journal
from portal.web.dashboard.words import ACTIONS
from tests.support.dashboard import PASSWORD, Browser, employ
from tests.support.house import NOW
from tests.support.journal import lines_of


def test_the_journal_is_read_by_person_action_and_day_page_by_page(owner, database, house):
    with database.writing() as session:
        anna = accounts.by_email(session, "owner@teremok.example")
        boris, _ = accounts.create(session, house.organization_id, "b@teremok.example", "Борис", "staff", PASSWORD, [], NOW)
        for i in range(60):
            journal.write(session, anna, "voucher", f"v{i:02d}", NOW - timedelta(hours=i))
        journal.write(session, boris, "lookup", "of-boris", NOW - timedelta(days=10))
        number = boris.id

    def subjects(query):
        return re.findall(r"<td>(v\d\d|of-boris)</td></tr>", owner.get(f"/dashboard/journal{query}").text)

    assert subjects("") == [f"v{i:02d}" for i in range(50)]
    assert subjects("?page=2") == [*[f"v{i:02d}" for i in range(50, 60)], "of-boris"]
    assert subjects(f"?person={number}") == subjects("?action=lookup") == ["of-boris"]
    # 9:00 UTC is noon in Moscow: the day that ends at 21:00 UTC of the 21st holds v12 (21:00) to v35
    assert subjects("?from=2026-11-21&to=2026-11-21") == [f"v{i:02d}" for i in range(13, 37)]
    assert subjects("?to=2026-11-13") == ["of-boris"]


def test_a7_names_and_browsers_are_text_on_every_page_about_people(app, owner, database, house):
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    email = employ(database, house.organization_id, "marketer")
    with database.writing() as session:
        user = accounts.by_email(session, email)
        user.name = hostile
        journal.write(session, user, "voucher", hostile, NOW)
        number = user.id
    colleague = Browser(app)
    colleague.environment["HTTP_USER_AGENT"] = hostile + " Chrome/130.0 Android"
    colleague.sign_in(email)
    pages = [owner.get(f"/dashboard{path}").text for path in ("/people", f"/people/{number}", "/journal")]
    pages += [colleague.get(f"/dashboard{path}").text for path in ("/account", "/sessions")]
    for page in pages:
        assert "<script>alert" not in page and "<img src=x" not in page
    assert sum("&lt;script&gt;" in page for page in pages) >= 4


@pytest.mark.parametrize("hostile", ["1'--", "1 OR 1=1", "0x1", "9" * 30, "-1", "%00x", "voucher' UNION SELECT 1", "<script>"])
def test_a8_what_is_typed_into_the_journals_address_is_never_sql(owner, database, hostile):
    for name in ("person", "action", "from", "to", "page"):
        answer = owner.client.get("/dashboard/journal", query_string={name: hostile})
        assert answer.status_code in (200, 404)
        assert "<script>" not in answer.text


def test_a9_no_line_of_the_journals_file_is_a_formula(owner, database, house):
    with database.writing() as session:
        user = accounts.by_email(session, "owner@teremok.example")
        user.name = "=HYPERLINK(1)"
        for subject in ("=1+1", "+7903", "-2", "@SUM(A1)", "\t=1", "＝1"):
            journal.write(session, user, "voucher", subject, NOW)
    answer = owner.get("/dashboard/journal.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    cells = [cell for line in answer.text.splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell.strip('" ').startswith(("=", "+", "-", "@", "\t", "＝"))]
    assert lines_of(database)[-1] == ("journal.export", "6")


def test_every_word_that_is_written_into_the_journal_has_words_for_people():

    calls = [
        node
        for path in Path("portal").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "journal.write" and len(node.args) > 2
    ]
    written = {call.args[2].value for call in calls if isinstance(call.args[2], ast.Constant)}
    assert len(written) > 30
    assert {action for action in written if action not in ACTIONS} == set()
