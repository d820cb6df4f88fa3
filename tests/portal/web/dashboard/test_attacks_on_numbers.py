"""Attacks on reports, files, letters and what is sent outside, by their numbers in the attack list."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest

from portal.acquisition.models import Source, Visit
from portal.guests.models import Guest
from portal.jobs import webhooks
from portal.reporting import alerts
from portal.reporting.alert_words import told
from portal.reporting.funnel import channels
from portal.reporting.period import local_date
from portal.reporting.question import Question
from portal.reporting.tables import TABLES
from portal.venues.models import Venue
from portal.webhooks import endpoints
from portal.webhooks.models import WebhookDelivery
from tests.conftest import make_settings
from tests.support.dashboard import Browser, employ
from tests.support.members import join, worker_of
from tests.support.signups import World, scan, visit_token
from tests.support.visits import add_visit
from tests.support.webhook_receiver import Receiver

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://evil.example";"x")'
PAGES = (
    "/overview", "/compare", "/funnel", "/times", "/live", "/money", "/sources", "/journal", "/api", "/webhooks", "/people",
    "/settings", "/venues/teremok/members",
)  # fmt: skip
SQL = ("'; DROP TABLE visit; --", "1 OR 1=1", "\\'", '" OR ""="', "%27%20UNION%20SELECT%20secret")


def rename(world: World, text: str) -> None:
    """As whoever may edit a source could write into it."""
    with world.database.writing() as session:
        source = session.get_one(Source, world.house.source_id)
        source.label = source.utm_source = source.utm_campaign = source.utm_content = text
        venue = session.get_one(Venue, world.house.venue_id)
        add_visit(session, world.house, world.now, {"phone": timedelta(seconds=2)}, utm_raw=text, user_agent=text)
        alerts.raise_once(
            session, venue, "quiet", {"since": "2026-11-01", "days": 9, "a_week": 7.0}, world.now, source_id=source.id
        )  # fmt: skip


def owner(world: World) -> Browser:
    browser = Browser(world.app)
    browser.sign_in(employ(world.database, world.house.organization_id, "owner"))
    return browser


def test_a7_hostile_labels_and_utm_values_are_text_on_every_page_of_numbers(world: World) -> None:
    rename(world, SCRIPT)
    browser = owner(world)
    shown = 0
    for path in PAGES:
        page = browser.get(f"/dashboard{path}")
        assert page.status_code in (200, 303), path
        assert "<script>alert" not in page.text and "<img src=x" not in page.text, path
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        shown += "&lt;script&gt;alert" in page.text
    assert shown >= 4


@pytest.mark.parametrize("hostile", SQL)
def test_a8_sql_in_a_filter_a_sort_or_a_file_is_a_text(world: World, hostile: str) -> None:
    rename(world, "Стол 7")
    browser = owner(world)
    names = ("source", "kind", "campaign", "visitors", "language", "device", "window", "attribution", "grain", "metric", "pick",
             "from", "to", "range")  # fmt: skip
    for name in names:
        for path in ("/overview", "/funnel", "/venues/teremok/export/series.csv"):
            assert browser.client.get(f"/dashboard{path}", query_string={name: hostile}).status_code == 200, (path, name)
    assert len(world.rows(Visit)) == 1


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a9_no_cell_of_any_file_is_a_formula(world: World, table: str) -> None:
    rename(world, FORMULA)
    with world.database.writing() as session:
        venue = session.get_one(Venue, world.house.venue_id)
        venue.name = venue.city = FORMULA
    browser = owner(world)
    content = browser.get(f"/dashboard/venues/teremok/export/{table}.csv").data.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(content, newline="")) for cell in line]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"/dashboard/venues/teremok/export/{table}.xlsx").data))
    assert {cell.data_type for line in book.active for cell in line} <= {"s", "n", "d"}


def test_a9_a_members_name_is_a_text_in_the_file_and_the_phone_runs_nowhere(world: World) -> None:
    join(world, "+79031110002", ("box_card", "box_advertising_sms"))
    with world.database.writing() as session:
        session.query(Guest).one().name = FORMULA
    browser = owner(world)
    at = "/dashboard/venues/teremok/members"
    content = browser.post("/dashboard/venues/teremok/export/members.csv", form_at=at).data.decode("utf-8-sig")
    line = list(csv.reader(io.StringIO(content, newline="")))[1]
    assert (line[0], line[2]) == ("79031110002", "'" + FORMULA)
    book = openpyxl.load_workbook(
        io.BytesIO(browser.post("/dashboard/venues/teremok/export/members.xlsx", form_at=at).data)
    ).active
    assert (book.cell(2, 3).value, book.cell(2, 3).data_type) == (FORMULA, "s")


def test_bots_previews_prefetches_and_repeats_do_not_inflate_a_channel(world: World) -> None:
    page = scan(world.client(), world.house.source_code)
    for _ in range(20):
        world.client().get(f"/seen/{visit_token(page)}", headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
    for agent in ("TelegramBot (like TwitterBot)", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8.5", "python-requests/2.32"):
        robot = scan(world.client(), world.house.source_code, **{"User-Agent": agent})
        world.client().get(f"/seen/{visit_token(robot)}", headers={"User-Agent": agent})
    for header in ({"Sec-Purpose": "prefetch;prerender"}, {"X-Purpose": "preview"}, {"X-Moz": "prefetch"}):
        world.client().get(f"/s/{world.house.source_code}", headers=header)
    world.client().head(f"/s/{world.house.source_code}")
    with world.database.reading() as session:
        venue = session.get_one(Venue, world.house.venue_id)
        today = local_date(world.now, venue.timezone)
        report = channels(session, Question(venue, today, today), now=world.now)
    assert report.totals.of("seen") == 1
    assert report.apart.bots + report.apart.previews == 4


@pytest.mark.parametrize("where", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_a27_a_webhook_stored_for_our_own_network_is_never_sent(world: World, tmp_path, where: str) -> None:
    """However it came into the database: the address is checked at each sending."""
    public = make_settings(tmp_path, demo=False, public_url="https://wifi.example.ru", database_url=world.settings.database_url)
    with Receiver() as receiver:
        with world.database.writing() as session:
            endpoints.add(
                session, world.house.organization_id, f"https://{where}:{receiver.port}/", (), True, world.now, demo=False
            )
        join(world)
        assert webhooks.carry_out_due(worker_of(public, world.database, lambda: world.now)) == 0
        assert receiver.taken == []
    (delivery,) = world.rows(WebhookDelivery)
    assert (delivery.error, delivery.http_status) == ("private_address", None)


@pytest.mark.parametrize("text", ["{{ 7*7 }}", "{{ config }}", "%(day)s", "{0.__class__}", "${7*7}", "{% include 'x' %}", "%s%n"])
def test_a28_a_label_is_never_a_template_in_alerts_and_pages(world: World, text: str) -> None:
    rename(world, text)
    with world.database.reading() as session:
        (one,) = alerts.open_for(session, [session.get_one(Venue, world.house.venue_id)])
    title, _body = told(one, str, str, lambda k, n: f"{k}/{n}")
    assert title == f"{text} brings nobody"
    page = owner(world).get("/dashboard/overview").text
    assert text.replace("'", "&#39;") in page
    assert "49" not in title and "SECRET_KEY" not in page
