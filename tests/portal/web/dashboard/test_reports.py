"""The reports' pages on real rows: what they count, what they say of it, and that picture and table agree."""

import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from portal.acquisition.models import Source
from portal.reporting import funnel
from portal.reporting.models import Alert, Annotation
from portal.reporting.question import Question
from portal.staff.models import StaffJournal, StaffUser
from portal.venues.models import Venue
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import NOW
from tests.support.visits import add_visit

SECOND = timedelta(seconds=1)
WAY = {"seen": SECOND, "phone": 9 * SECOND, "code_sent": 10 * SECOND, "code_delivered": 14 * SECOND, "verified": 30 * SECOND}
MEMBER = {**WAY, "card": 30 * SECOND}


@pytest.fixture
def receipt(database, house) -> str:
    """A second channel, which few visit; the first has 200 visits of which 90 became members, in ten days."""
    with database.writing() as session:
        other = Source(
            organization_id=house.organization_id, venue_id=house.venue_id, code="receipt-1", kind="receipt", label="Чек",
            utm_source="receipt", created_at=NOW,
        )  # fmt: skip
        session.add(other)
        session.flush()
        for number in range(200):
            at = NOW - timedelta(days=2 + number % 10, minutes=number)
            add_visit(session, house, at, MEMBER if number % 20 < 9 else {"seen": SECOND}, came_before=number % 4 == 0)
        for number in range(60):
            at = NOW - timedelta(days=2 + number % 10, minutes=number)
            steps = WAY if number % 10 == 0 else {"seen": SECOND}
            add_visit(session, house, at, steps, source_id=other.id, device_family="iphone")
        for _ in range(5):
            add_visit(session, house, NOW - timedelta(days=3), {"seen": SECOND}, visitor_class="bot", bot_reason="YandexBot")
        add_visit(session, house, NOW - timedelta(minutes=5), WAY)
        add_visit(session, house, NOW - timedelta(days=20), {"seen": SECOND}, source_id=None)
    return "receipt-1"


@pytest.fixture
def browser(settings, database, house, receipt):
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "marketer"))
    with database.writing() as session:
        session.scalars(select(StaffUser)).one().language = "en"
    return browser


class Cells(HTMLParser):
    """Tables as lists of rows of texts, points and pictures by their names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables, self.names, self.nodes, self._inside = [], [], 0, False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.nodes += 1
        attributes = dict(attrs)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][-1].append("")
            self._inside = True
        if attributes.get("role") == "img":
            self.names.append(attributes.get("aria-label", ""))

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._inside = False

    def handle_data(self, text):
        if self._inside:
            self.tables[-1][-1][-1] += text


def opened(browser, path: str) -> tuple[str, Cells]:
    page = browser.get("/dashboard" + path)
    assert page.status_code == 200, path
    return page.text, Cells(page.text)


def row(cells: Cells, table: int, name: str) -> list[str]:
    return next([cell.strip() for cell in one] for one in cells.tables[table] if any(name in cell for cell in one))


def test_the_first_screen_counts_what_the_report_counts(browser, database, house):
    with database.reading() as session:
        venue = session.get(Venue, house.venue_id)
        report = funnel.channels(session, Question(venue, date(2026, 10, 26), date(2026, 11, 22)), now=NOW)
    page, cells = opened(browser, "/overview")
    visits = [row(cells, 1, name)[2] for name in ("Стол 7", "Чек", "Other")]
    assert visits == ["201", "60", "1"]
    assert visits == [str(report.row(one).counts.of("seen")) for one in (house.source_id, report.rows[1].source_id, None)]
    assert re.search(r'tile-value">262<', page) and re.search(r'tile-value">90<', page)
    assert "97/262" in page and "bots</dt><dd>5<" in page


def test_a_rate_never_stands_without_its_counts_and_interval(browser):
    page, _cells = opened(browser, "/overview")
    for rate in re.finditer(r'class="rate[^"]*">([^<]+)</span>([^\n]*)', page):
        assert re.search(r"\d+/\d+ · [\d.]+–[\d.]+%", rate[2]) or rate[1] == "–", rate[0]


def test_a_clear_lead_is_said_as_a_difference_and_never_as_a_cause(browser):
    _page, cells = opened(browser, "/overview")
    first, second = row(cells, 1, "Стол 7"), row(cells, 1, "Чек")
    assert "differs: higher" in first[-1] and "differs: lower" in second[-1]
    assert "leader" not in first[1], "the others have fewer than 30 conversions"
    assert not {"causes", "because", "caused"} & set(" ".join(first + second).split())


def test_few_visits_have_no_rank_and_say_so(browser):
    _page, cells = opened(browser, "/overview")
    other = row(cells, 1, "Other")
    assert other[0] == ""
    assert "too few to judge" in other[-1]


@pytest.mark.parametrize("metric", ["visits", "verified", "rate", "card", "online"])
@pytest.mark.parametrize("grain", ["day", "week", "month"])
def test_no_point_of_the_graph_says_another_number_than_the_table_beside_it(browser, metric, grain):
    _page, cells = opened(browser, f"/overview?metric={metric}&grain={grain}")
    points = [name for name in cells.names if ": " in name and ("before" in name or "grow" in name)]
    told = dict(re.match(r"(.+?): (.+?)(?:; before, .+?: (.+?))?(?:; can still grow)?$", name).group(1, 2) for name in points)
    table = {name.removesuffix(" *").strip(): value for name, value, *_ in cells.tables[0][1:]}
    assert points and told.items() <= table.items()
    assert {name for name, value in table.items() if value != "–"} == set(told)


def test_the_graph_adds_up_to_its_tile(browser):
    _page, cells = opened(browser, "/overview?grain=week")
    assert sum(int(value) for _name, value, *_ in cells.tables[0][1:]) == 262


def test_bars_say_what_their_row_says(browser):
    _page, cells = opened(browser, "/overview")
    for name in ("Стол 7", "Чек", "Other"):
        rate = row(cells, 1, name)[3].split()[0]
        assert any(label.startswith(f"Phone verified: {rate},") for label in cells.names), name
    _page, cells = opened(browser, f"/funnel?pick=all&pick={'receipt-1'}")
    shown = [label for label in cells.names if label.startswith("Phone verified:")]
    assert shown == ["Phone verified: 97, 37.0%", "Phone verified: 6, 10.0%"]
    assert [row(cells, 0, "Phone verified")[place].split()[0] for place in (1, 2)] == ["97", "6"]


@pytest.mark.parametrize(
    ("asked", "visits"),
    [
        ("source=receipt-1", "60"), ("source=other", "1"), ("source=receipt-1&source=other", "61"), ("kind=receipt", "60"),
        ("device=iphone", "60"), ("visitors=returning", "50"), ("language=en", "0"), ("from=2026-11-22&to=2026-11-22", "1"),
    ],
)  # fmt: skip
def test_filters_narrow_every_number_and_costs_then_say_nothing(browser, asked, visits):
    page, _cells = opened(browser, f"/overview?{asked}")
    assert re.search(rf'tile-value">{visits}<', page)
    if "from" not in asked:
        assert "costs are known of all visits only" in page
        assert page.count('class="chips"') == 1


def test_every_link_of_the_first_screen_leads_somewhere(browser):
    page, _cells = opened(browser, "/overview?source=receipt-1&metric=rate&window=7d")
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/dashboard/[^"]+)"', page)}
    assert len(links) > 20
    for link in links:
        assert browser.get(link).status_code in (200, 303, 403), link


def test_funnels_stand_side_by_side_and_say_where_guests_were_lost(browser):
    _page, cells = opened(browser, "/funnel?pick=all&pick=receipt-1&pick=other&pick=none-such")
    assert [head.strip() for head in cells.tables[0][0][1:]] == ["All together", "Чек", "Other"]
    assert "lost 54 (90.0%)" in row(cells, 0, "Phone left")[2]
    assert row(cells, 1, "Left no number")[1] == "165"


def test_times_have_a_median_and_a_drawn_distribution(browser):
    page, cells = opened(browser, "/times")
    whole = row(cells, 0, "From the visit to the right code")
    assert whole[1] == "97"
    assert 27 <= float(whole[2].removesuffix(" s")) <= 34
    assert 'class="histogram"' in page


def test_the_last_half_hour_has_a_part_of_its_own(browser):
    page, _cells = opened(browser, "/live")
    part = browser.get("/dashboard/live/part")
    assert part.status_code == 200 and "<html" not in part.text
    assert re.search(r'data-live="/dashboard/live/part\?venue=teremok"', page)
    for text in (page, part.text):
        assert "5 min ago: 1" in text and "Стол 7" in text


def test_a_note_is_written_shown_on_its_day_taken_away_and_journaled(browser, database):
    browser.post("/dashboard/venues/teremok/notes", form_at="/dashboard/overview", day="2026-11-20", text="Новое меню")
    page, cells = opened(browser, "/overview")
    assert any(name.startswith("Note: ") and "Новое меню" in name for name in cells.names)
    note = re.search(r"/notes/([^/]+)/remove", page)[1]
    assert "Новое меню" not in browser.get("/dashboard/overview?range=today").text
    assert browser.post(f"/dashboard/venues/teremok/notes/{note}/remove", form_at="/dashboard/overview").status_code == 303
    assert browser.post(f"/dashboard/venues/teremok/notes/{note}/remove", form_at="/dashboard/overview").status_code == 404
    with database.reading() as session:
        assert session.scalars(select(Annotation)).all() == []
        lines = [(line.action, line.subject) for line in session.scalars(select(StaffJournal).order_by(StaffJournal.id))]
    assert lines == [("note.add", "teremok 2026-11-20"), ("note.remove", "teremok 2026-11-20")]


def test_a_note_without_a_day_or_words_is_asked_for_again(browser, database):
    answer = browser.post("/dashboard/venues/teremok/notes", form_at="/dashboard/overview", day="never", text=" ")
    assert answer.status_code == 422
    assert 'id="day-error"' in answer.text and 'id="text-error"' in answer.text
    with database.reading() as session:
        assert session.scalars(select(Annotation)).all() == []


def test_what_should_be_looked_at_stands_on_the_first_screen_until_it_is_over(browser, database, house):
    with database.writing() as session:
        alert = Alert(
            organization_id=house.organization_id, venue_id=house.venue_id, source_id=house.source_id, kind="quiet",
            facts={"since": "2026-11-15", "days": 7, "a_week": 20}, raised_at=NOW,
        )  # fmt: skip
        session.add(alert)
        session.flush()
        alert_id = alert.id
    assert "Стол 7 brings nobody" in browser.get("/dashboard/overview").text
    with database.writing() as session:
        session.get(Alert, alert_id).ended_at = NOW
    assert "brings nobody" not in browser.get("/dashboard/overview").text


def test_long_ranges_say_that_their_sums_are_still_being_made(browser):
    assert "older days are being made" not in browser.get("/dashboard/overview").text
    assert "87 older days are being made" in browser.get("/dashboard/overview?range=quarter").text


def test_a_new_venue_shows_what_to_do_first(settings, database, house):
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    page = browser.get("/dashboard/overview").text
    assert page.count('class="unseen"') == 5 and page.count('class="seen"') == 1
    assert "/dashboard/venues/teremok/gateways" in page
    assert "tile-value" not in page, "there is nothing to count yet"


def test_a_year_by_day_has_at_most_two_thousand_nodes(browser):
    days = ("from=2025-11-23&to=2026-11-22", "from=2026-07-22&to=2026-11-22&grain=day&metric=rate", "range=twelve_months")
    for asked in days:
        _page, cells = opened(browser, f"/overview?{asked}")
        assert cells.nodes <= 2000, asked


def test_a_hundred_tables_do_not_make_the_page_long_and_none_is_lost(browser, database, house):
    with database.writing() as session:
        for number in range(100):
            table = Source(
                organization_id=house.organization_id, venue_id=house.venue_id, code=f"table-{number}", kind="table_tent",
                label=f"Столик {number}", utm_source="table", created_at=NOW,
            )  # fmt: skip
            session.add(table)
            session.flush()
            add_visit(session, house, NOW - timedelta(days=3), {"seen": SECOND}, source_id=table.id)
    _page, cells = opened(browser, "/overview?from=2026-07-22&to=2026-11-22&grain=day&metric=rate")
    assert cells.nodes <= 2000
    assert row(cells, 1, "78 more channels")[2] == "78"
    assert sum(int(one[2]) for one in cells.tables[1][1:-1]) == 362
    _page, cells = opened(browser, "/overview?rows=all")
    assert len(cells.tables[1]) == 1 + 103 + 1
    _page, cells = opened(browser, "/funnel?pick=table-99")
    assert "Столик 99" in cells.tables[0][0][1] and cells.nodes <= 2000
