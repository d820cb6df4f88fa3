"""What leaves the house by the dashboard: files, members, keys, webhooks. Each is the right person's, and written down."""

import csv
import io
import re
from datetime import timedelta

import openpyxl
import pytest

from portal.consent import records
from portal.core.phone import phone_from_e164
from portal.guests.models import Guest
from portal.reporting.tables import TABLES
from portal.staff.models import ApiToken, StaffJournal
from portal.webhooks.models import WebhookEndpoint
from tests.support.dashboard import Browser, employ
from tests.support.house import NOW, build_house
from tests.support.members import join, plain_guest
from tests.support.signups import World
from tests.support.visits import add_visit
from tests.support.webhook_receiver import Receiver

S = timedelta(seconds=1)
ADS = ("box_card", "box_advertising_sms")


def signed_in(world: World, role: str = "owner") -> Browser:
    browser = Browser(world.app)
    browser.sign_in(employ(world.database, world.house.organization_id, role))
    return browser


def journal(world: World) -> list[tuple[str, str]]:
    return [(line.action, line.subject) for line in world.rows(StaffJournal)]


def lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_is_downloaded_by_a_marketer_and_written_down(world: World, table: str, suffix: str) -> None:
    browser = signed_in(world, "marketer")
    answer = browser.get(f"/dashboard/venues/teremok/export/{table}.{suffix}?from=2026-11-01&to=2026-11-22")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename=teremok-{table}-2026-11-01_2026-11-22.{suffix}"
    assert answer.headers["Cache-Control"] == "no-store"
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert answer.content_type == ("text/csv; charset=utf-8" if suffix == "csv" else workbook)
    assert journal(world)[-1] == ("export", f"teremok {table}.{suffix} 2026-11-01_2026-11-22")


def test_a_file_has_the_filters_of_its_page(world: World) -> None:
    with world.database.writing() as session:
        add_visit(session, world.house, NOW, {})
        add_visit(session, world.house, NOW, {}, source_id=None)
    browser = signed_in(world)
    everything = lines(browser.get("/dashboard/venues/teremok/export/funnel.csv?lang=en").data)
    filtered = lines(browser.get("/dashboard/venues/teremok/export/funnel.csv?lang=en&source=other").data)
    assert {line[0] for line in everything[1:]} == {"Стол 7", "Other", "Total"}
    assert {line[0] for line in filtered[1:]} == {"Other", "Total"}


@pytest.mark.parametrize("path", ["members.csv", "nothing.csv", "channels.exe", "channels.pdf", "../channels.csv", "journal.csv"])
def test_no_other_name_gives_a_file(world: World, path: str) -> None:
    assert signed_in(world).get(f"/dashboard/venues/teremok/export/{path}").status_code in (404, 405)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_journal_comes_in_both_formats(world: World, suffix: str) -> None:
    answer = signed_in(world).get(f"/dashboard/journal.{suffix}")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=vestibule-journal-2026-11-22.{suffix}"
    assert journal(world)[-1][0] == "journal.export"


def test_staff_download_nothing(world: World) -> None:
    assert signed_in(world, "staff").get("/dashboard/venues/teremok/export/channels.csv").status_code == 403


def test_members_are_those_who_agreed_to_advertising_and_have_not_withdrawn(world: World) -> None:
    join(world, "+79031110001")
    join(world, "+79031110002", ADS)
    join(world, "+79031110003", ADS)
    with world.database.writing() as session:
        person, entity = phone_from_e164("+79031110003"), world.house.legal_entity_id
        assert records.withdraw(session, world.settings.keys, entity, person, "advertising_sms", "me:withdraw", world.now)
    browser = signed_in(world)
    assert "1 " in browser.get("/dashboard/venues/teremok/members?lang=en").text
    answer = browser.post("/dashboard/venues/teremok/export/members.csv", form_at="/dashboard/venues/teremok/members")
    head, *people = lines(answer.data)
    assert [(line[0], line[1]) for line in people] == [("79031110002", "")]
    assert len(head) == len(people[0])
    assert journal(world)[-1] == ("members.export", "teremok: 1")
    assert "7903" not in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(
        io.BytesIO(
            browser.post("/dashboard/venues/teremok/export/members.xlsx", form_at="/dashboard/venues/teremok/members").data
        )
    ).active
    assert (sheet.cell(2, 1).value, sheet.cell(2, 1).data_type) == ("79031110002", "s")


def test_an_e_mail_stands_there_only_with_consent_to_e_mail(world: World) -> None:
    join(world, "+79031110002", ADS)
    with world.database.writing() as session:
        session.query(Guest).one().email = "guest@example.org"
    browser = signed_in(world)
    answer = browser.post("/dashboard/venues/teremok/export/members.csv", form_at="/dashboard/venues/teremok/members")
    assert "guest@example.org" not in answer.text


def test_members_are_asked_for_once_by_a_form_and_only_by_an_owner(world: World) -> None:
    join(world, "+79031110002", ADS)
    owner = signed_in(world)
    assert owner.get("/dashboard/venues/teremok/export/members.csv").status_code in (404, 405)
    assert owner.send("/dashboard/venues/teremok/export/members.csv").status_code == 400
    marketer = signed_in(world, "marketer")
    assert marketer.get("/dashboard/venues/teremok/members").status_code == 403
    assert not any(action == "members.export" for action, _ in journal(world))


def test_members_of_another_venue_of_the_operator_stand_in_its_own_file(world: World) -> None:
    with world.database.writing() as session:
        plain_guest(session, world.house, 5, NOW)
    answer = signed_in(world).post("/dashboard/venues/teremok/export/members.csv", form_at="/dashboard/venues/teremok/members")
    assert len(lines(answer.data)) == 1


def test_a_key_is_shown_once_and_works_until_it_is_revoked(world: World) -> None:
    browser = signed_in(world)
    page = browser.post("/dashboard/api", name="Касса").text
    token = re.search(r"vst_[\w-]{43}", page)
    assert token
    ask = {"Authorization": f"Bearer {token[0]}"}
    assert world.client().get("/api/v1/venues", headers=ask).status_code == 200
    later = browser.get("/dashboard/api").text
    assert token[0] not in later and token[0][-4:] in later and "Касса" in later
    (row,) = world.rows(ApiToken)
    assert browser.post(f"/dashboard/api/{row.public_id}/revoke", form_at="/dashboard/api").status_code == 303
    assert world.client().get("/api/v1/venues", headers=ask).status_code == 401
    assert journal(world)[-2:] == [("api.token", f"Касса …{row.hint}"), ("api.revoke", f"Касса …{row.hint}")]
    assert browser.post(f"/dashboard/api/{row.public_id}/revoke", form_at="/dashboard/api").status_code == 404


def test_a_key_without_a_name_is_not_made(world: World) -> None:
    assert signed_in(world).post("/dashboard/api", name=" ").status_code == 422
    assert world.rows(ApiToken) == []


@pytest.mark.parametrize("path", ["/api", "/webhooks", "/venues/teremok/members"])
@pytest.mark.parametrize("role", ["marketer", "staff"])
def test_keys_webhooks_and_members_are_the_owners(world: World, path: str, role: str) -> None:
    assert signed_in(world, role).get(f"/dashboard{path}").status_code == 403


def test_a_webhook_is_added_tried_stopped_let_go_on_and_removed(world: World) -> None:
    browser = signed_in(world)
    with Receiver() as receiver:
        answer = browser.post("/dashboard/webhooks", url=receiver.url, with_phone="y")
        page = answer.location
        (row,) = world.rows(WebhookEndpoint)
        assert row.with_phone and row.url == receiver.url
        assert row.secret not in browser.get(page).text
        assert row.secret in browser.post(f"{page}/secret", form_at=page).text
        browser.post(f"{page}/test", form_at=page)
        assert "204" in browser.get(page).text
        (taken,) = receiver.taken
        assert taken.json["type"] == "ping" and taken.is_signed_with(row.secret)
        browser.post(f"{page}/stop", form_at=page)
        assert world.rows(WebhookEndpoint)[0].stopped_why == "owner"
        browser.post(f"{page}/go-on", form_at=page)
        assert world.rows(WebhookEndpoint)[0].stopped_at is None
        browser.post(f"{page}/remove", form_at=page)
    assert world.rows(WebhookEndpoint) == []
    host = f"127.0.0.1:{receiver.port}"
    assert [(action, subject) for action, subject in journal(world) if action.startswith("webhook")] == [
        (f"webhook.{verb}", host) for verb in ("add", "secret", "test", "stop", "go_on", "remove")
    ]


def test_trying_is_limited(world: World) -> None:
    browser = signed_in(world)
    with Receiver() as receiver:
        page = browser.post("/dashboard/webhooks", url=receiver.url).location
        for _ in range(12):
            browser.post(f"{page}/test", form_at=page)
    assert len(receiver.taken) == 10


@pytest.mark.parametrize("url", ["ftp://example.org/", "https://user:secret@example.org/", "javascript:alert(1)", "", "https://"])
def test_a27_an_address_that_is_none_is_refused_beside_its_field(world: World, url: str) -> None:
    answer = signed_in(world).post("/dashboard/webhooks", url=url)
    assert answer.status_code == 422
    assert world.rows(WebhookEndpoint) == []


def test_another_organizations_webhook_and_key_answer_as_ones_that_do_not_exist(world: World) -> None:
    with world.database.writing() as session:
        other = build_house(session, "blinnaya")
        hook = WebhookEndpoint(
            organization_id=other.organization_id, public_id="h" * 22, url="https://x.example/", secret="whsec_eA==",
            created_at=NOW,
        )  # fmt: skip
        key = ApiToken(
            organization_id=other.organization_id, public_id="k" * 22, name="theirs", token_hash="0" * 64, hint="abcd",
            created_by="x", created_at=NOW,
        )  # fmt: skip
        session.add_all([hook, key])
    browser = signed_in(world)
    for name in ("h" * 22, "nobody-has"):
        assert browser.get(f"/dashboard/webhooks/{name}").status_code == 404
        for verb in ("secret", "test", "stop", "go-on", "remove"):
            assert browser.post(f"/dashboard/webhooks/{name}/{verb}", form_at="/dashboard/api").status_code == 404
    assert browser.post(f"/dashboard/api/{'k' * 22}/revoke", form_at="/dashboard/api").status_code == 404
    assert "x.example" not in browser.get("/dashboard/webhooks").text
    assert "theirs" not in browser.get("/dashboard/api").text
