"""Sources at work in the dashboard: costs, life, batches, sheets to take."""

import io
import re

import pypdfium2
import pytest
import zxingcpp

from portal.acquisition import costs, history, life, sources
from portal.acquisition.models import Source
from portal.staff import journal
from portal.venues.directory import venue_by_id
from portal.venues.models import Venue
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import NOW, build_house


@pytest.fixture
def marketer(settings, database, house) -> Browser:
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "marketer"))
    return browser


def source_of(session, house) -> Source:
    return sources.find_by_code(session, house.source_code)


def codes_in(pdf: bytes) -> list[list[str]]:
    """What every page of a PDF says to a camera, from a rendering of 150 dots an inch."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    pages = [sorted(code.text for code in zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())) for page in document]
    document.close()
    return pages


def test_a_cost_is_added_listed_and_taken_back_after_a_question(marketer, database, house):
    at = f"/dashboard/sources/{house.source_code}/costs"
    assert "Расходов пока нет" in marketer.get(at).text or "No costs yet" in marketer.get(at).text
    sent = marketer.post(
        at, kind="pieces", roubles="2.50", pieces="24", first_day="2026-11-01", last_day="2026-12-01", note="тираж"
    )
    assert sent.status_code == 303
    page = marketer.get(at).text
    assert "60" in page and "тираж" in page and page.count("/remove") == 1
    with database.reading() as session:
        (cost,) = costs.of_source(session, source_of(session, house))
        assert (cost.kind, cost.kopecks, cost.pieces, cost.first_day, cost.last_day) == (
            "pieces",
            250,
            24,
            cost.last_day,
            cost.first_day,
        )
    remove = f"{at}/{cost.id}/remove"
    assert marketer.get(remove).status_code in (404, 405), "looking at an address removes nothing"
    assert marketer.post(remove, form_at=at).status_code == 303
    assert marketer.post(remove, form_at=at).status_code == 404
    with database.reading() as session:
        assert costs.of_source(session, source_of(session, house)) == []
        actions = [line.action for line in journal.latest(session, house.organization_id)]
        assert actions[:2] == ["source.uncost", "source.cost"]


@pytest.mark.parametrize(
    ("typed", "kopecks"), [("1250.5", 125_050), ("1 250,50", 125_050), ("1\N{NO-BREAK SPACE}250", 125_000), ("0,01", 1)]
)
def test_money_is_read_as_people_type_it(marketer, database, house, typed, kopecks):
    at = f"/dashboard/sources/{house.source_code}/costs"
    assert marketer.post(at, kind="once", roubles=typed, first_day="2026-11-01").status_code == 303
    with database.reading() as session:
        assert [cost.kopecks for cost in costs.of_source(session, source_of(session, house))] == [kopecks]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "days", "roubles": "5", "first_day": "2026-11-10", "last_day": "2026-11-09"},
        {"kind": "once", "roubles": "0", "first_day": "2026-11-10"},
        {"kind": "once", "roubles": "1.250,50", "first_day": "2026-11-10"},
        {"kind": "once", "roubles": "NaN", "first_day": "2026-11-10"},
        {"kind": "once", "roubles": "", "first_day": ""},
        {"kind": "pieces", "roubles": "100000000", "pieces": "10000000", "first_day": "2026-11-10"},
        {"kind": "gift", "roubles": "5", "first_day": "2026-11-10"},
    ],
)
def test_a_wrong_cost_is_told_and_not_kept(marketer, database, house, wrong):
    at = f"/dashboard/sources/{house.source_code}/costs"
    assert marketer.post(at, **wrong).status_code == 422
    with database.reading() as session:
        assert costs.of_source(session, source_of(session, house)) == []


def test_a_source_is_paused_renamed_merged_and_parted_and_its_page_tells_it(marketer, database, house):
    with database.writing() as session:
        other = sources.create(session, venue_by_id(session, house.venue_id), "menu", "Меню", NOW).code
    here = f"/dashboard/sources/{house.source_code}"
    marketer.post(f"{here}/edit", kind="table_tent", label="Стол у окна")
    for act in ("pause", "resume", "retire", "reactivate"):
        assert marketer.post(f"{here}/{act}", form_at=f"{here}/life").status_code == 303, act
    assert marketer.post(f"{here}/point", form_at=f"{here}/life", target=other).status_code == 303
    assert marketer.post(f"{here}/home", form_at=f"{here}/life").status_code == 303
    assert marketer.post(f"{here}/merge", form_at=f"{here}/life", target=other).status_code == 303
    assert marketer.post(f"{here}/point", form_at=f"{here}/life", target=other).status_code == 422, "it is merged"
    assert marketer.post(f"{here}/part", form_at=f"{here}/life").status_code == 303
    page = marketer.get(f"{here}/life").text
    assert "Стол 7 → Стол у окна" in page and "Marketer" in page
    with database.reading() as session:
        kinds = [line.kind for line in history.of_source(session, source_of(session, house))][::-1]
    assert kinds == ["renamed", "paused", "resumed", "retired", "reactivated", "repointed", "repointed", "merged", "parted"]


@pytest.mark.parametrize("act", ["point", "merge"])
def test_nobody_points_to_what_is_out_of_sight_or_in_a_circle(marketer, database, house, act):
    with database.writing() as session:
        theirs = build_house(session, "blinnaya").source_code
        other = sources.create(session, venue_by_id(session, house.venue_id), "menu", "Меню", NOW)
        life.point(session, other, source_of(session, house), NOW)
    here = f"/dashboard/sources/{house.source_code}"
    for target in (theirs, "nosuch7", "", house.source_code, other.code):
        assert marketer.post(f"{here}/{act}", form_at=f"{here}/life", target=target).status_code == 422, target
    with database.reading() as session:
        assert source_of(session, house).points_to_id is None


def test_where_a_code_points_is_not_told_to_who_may_not_see_that_venue(settings, database, house):
    with database.writing() as session:
        sister = build_house(session, "sister")
        session.get(Venue, sister.venue_id).organization_id = house.organization_id
        there = session.get(Source, sister.source_id)
        there.organization_id, there.label = house.organization_id, "Секретная веранда"
        life.point(session, source_of(session, house), there, NOW)
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "marketer", "one@teremok.example", (house.venue_id,)))
    listed, told = browser.get("/dashboard/sources").text, browser.get(f"/dashboard/sources/{house.source_code}/life").text
    assert "Секретная веранда" not in listed and sister.source_code not in told
    everybody = Browser(dashboard_app(settings, database))
    everybody.sign_in(employ(database, house.organization_id, "owner"))
    assert "Секретная веранда" in everybody.get("/dashboard/sources").text


def test_a_batch_of_table_codes_is_made_and_printed_in_one_file(marketer, settings, database, house):
    at = f"/dashboard/venues/{house.venue_code}/sources/batch"
    refused = marketer.post(at, kind="table_tent", pattern="Стол {n}", first="5", last="9")
    assert refused.status_code == 422, "table 7 has its code"
    made = marketer.post(at, kind="table_tent", pattern="Место {n}", first="1", last="14")
    assert made.status_code == 303
    form = marketer.get(made.location).text
    chosen = re.findall(r'<input[^>]*checked[^>]*name="codes"[^>]*value="([^"]+)"', form)
    assert len(chosen) == 14 and house.source_code not in chosen
    at = f"/dashboard/venues/{house.venue_code}/sheets"
    file = marketer.post(at, name="sticker", mode="a4", paper="ru", label="y", codes=chosen)
    assert file.status_code == 200 and file.mimetype == "application/pdf"
    pages = codes_in(file.data)
    assert [len(page) for page in pages] == [12, 2]
    assert sorted(pages[0] + pages[1]) == sorted(f"{settings.base_url}/s/{code}" for code in chosen)
    with database.reading() as session:
        taken = [source for source in sources.list_for_venue(session, house.venue_id) if source.sheet_taken_at]
        assert {source.code for source in taken} == set(chosen)


def test_sheets_of_another_venues_sources_are_not_to_be_had(marketer, database, house):
    with database.writing() as session:
        theirs = build_house(session, "blinnaya").source_code
    at = f"/dashboard/venues/{house.venue_code}/sheets"
    for codes in ([theirs], [], [house.source_code, theirs]):
        assert marketer.post(at, name="sticker", mode="a4", paper="ru", codes=codes).status_code == 422


def test_only_taking_a_file_counts_as_printing(marketer, settings, database, house):
    at = f"/dashboard/sources/{house.source_code}/sheets"
    for look in (at, f"{at}/tent.svg", f"{at}?paper=en"):
        assert marketer.get(look).status_code == 200
        assert marketer.client.head(look, environ_base=marketer.environment).status_code == 200
    with database.reading() as session:
        assert source_of(session, house).sheet_taken_at is None
    for kind in ("pdf", "svg"):
        file = marketer.post(at, name="tent", file=kind, mode="single", paper="ru")
        assert file.status_code == 200 and file.headers["Content-Disposition"].endswith(f'tent.{kind}"')
    with database.reading() as session:
        assert source_of(session, house).sheet_taken_at == NOW
    assert marketer.post(at, name="tent", file="exe", mode="single", paper="ru").status_code == 400
    assert marketer.post(at, name="../tent", file="pdf", mode="single", paper="ru").status_code == 400


def test_a_venue_says_in_its_own_words_why_to_scan(marketer, database, house):
    at = f"/dashboard/sources/{house.source_code}"
    assert marketer.post(f"{at}/line", form_at=f"{at}/sheets", why_ru="Десерт в подарок", why_en="").status_code == 303
    assert "Десерт в подарок" in marketer.get(f"{at}/sheets/tent.svg?paper=ru").text
    assert "Guest card: 10% off from the first visit" in marketer.get(f"{at}/sheets/tent.svg?paper=en").text
    too_long = marketer.post(f"{at}/line", form_at=f"{at}/sheets", why_ru="x" * 91)
    assert too_long.status_code == 422
    marketer.post(f"{at}/line", form_at=f"{at}/sheets", why_ru="", why_en="")
    assert "Десерт" not in marketer.get(f"{at}/sheets/tent.svg?paper=ru").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_link_too_long_for_a_size_is_refused_in_words(settings, database, house):
    long = settings.model_copy(update={"public_url": "http://localhost/" + "long-path/" * 20})
    browser = Browser(dashboard_app(long, database))
    browser.sign_in(employ(database, house.organization_id, "marketer"))
    at = f"/dashboard/sources/{house.source_code}/sheets"
    assert browser.get(f"{at}/sticker_small.svg").status_code == 404
    assert browser.get(f"{at}/poster_a4.svg").status_code == 200
    refused = browser.post(at, name="sticker_small", file="pdf", mode="single", paper="ru")
    assert refused.status_code == 422 and "0,4" in refused.text.replace("0.4", "0,4")
    with database.reading() as session:
        assert source_of(session, house).sheet_taken_at is None


def test_money_shows_what_was_spent_and_a_dash_where_nothing_was(marketer, database, house):
    assert 'class="empty"' in marketer.get("/dashboard/money").text
    with database.writing() as session:
        source = source_of(session, house)
        sources.edit(session, source, NOW, plan_kopecks=3_000_000, plan_members=30)
        costs.add(session, source, costs.Price("once", 123_400, NOW.date(), NOW.date()), NOW)
    page = marketer.get("/dashboard/money?range=today").text
    row = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "1\N{NO-BREAK SPACE}234" in row or "1,234" in row
    assert "–" in row, "no visits: nothing to share the money out among"
