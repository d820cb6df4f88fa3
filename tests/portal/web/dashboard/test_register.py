from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from portal.core.config import Settings
from portal.core.db import Database
from portal.privacy import register_export
from portal.privacy.models import RegisterExport
from portal.privacy.register_export import Collected, signed_by
from portal.staff.models import StaffJournal
from portal.venues.models import Venue
from tests.support.access import PHONE_MAC, make_grant
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import House


@pytest.fixture
def owner(settings: Settings, database: Database, house: House, now: datetime) -> Browser:
    with database.writing() as session:
        make_grant(session, house, now)
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


@pytest.fixture
def page(house: House) -> str:
    return f"/dashboard/venues/{house.venue_code}/register"


def test_an_owner_gets_a_signed_file_and_leaves_two_traces(owner: Browser, page: str, database: Database) -> None:
    answer = owner.post(page, basis="ОП № 5, запрос 12/345", mac=PHONE_MAC.colons)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    seal = signed_by(answer.data)
    assert seal is not None and seal["lines"] == 1
    with database.reading() as session:
        assert session.query(RegisterExport).one().who == "Owner <owner@teremok.example>"
        assert [line.action for line in session.query(StaffJournal) if line.action.startswith("register")] == ["register.export"]
    assert "запрос 12/345" in owner.get(page).text


@pytest.mark.parametrize(
    "typed",
    [
        {"basis": "", "mac": "02aabbccdd01"},
        {"basis": "x"},
        {"basis": "x", "begins": "2026-11-22T10:00"},
        {"basis": "x", "phone": "12"},
        {"basis": "x", "mac": "zz"},
        {"basis": "x", "begins": "2026-11-22T10:00", "ends": "2026-11-22T09:00"},
    ],
)
def test_what_was_typed_stays_and_nothing_is_handed_over(
    owner: Browser, page: str, database: Database, typed: dict[str, str]
) -> None:
    answer = owner.post(page, **typed)
    assert answer.status_code == 422
    assert all(f'value="{value}"' in answer.text for value in typed.values() if value)
    with database.reading() as session:
        assert session.query(RegisterExport).count() == 0


def test_a_marketer_has_no_business_there(settings: Settings, database: Database, house: House, page: str) -> None:
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "marketer"))
    assert browser.get(page).status_code == 403


def test_guests_can_write_while_a_long_export_is_put_together(
    owner: Browser, page: str, database: Database, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with database.writing() as session:
            session.execute(update(Venue).where(Venue.id == house.venue_id).values(name="Теремок у реки"))

    def meanwhile(*asked: Any) -> Collected:
        with ThreadPoolExecutor(1) as guest:
            guest.submit(write).result(timeout=10)
        return collect(*asked)

    collect = register_export.collect
    monkeypatch.setattr(register_export, "collect", meanwhile)
    assert owner.post(page, basis="ОП № 5", mac=PHONE_MAC.colons).status_code == 200
