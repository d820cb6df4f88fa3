"""`vestibule demo`: made once, kept afterwards, and a past that is believable and says that it is invented."""

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from portal.acquisition.models import Source, Visit
from portal.cli import demo, demo_house, main
from portal.cli.house import House
from portal.consent.documents import obstacles_to_live
from portal.core.config import Settings
from portal.core.db import Database
from portal.guests.models import Guest
from portal.reporting.demo_history import TRIAL
from portal.reporting.funnel import ChannelReport, channels
from portal.reporting.models import Annotation
from portal.reporting.question import Question
from portal.staff.models import StaffUser
from portal.venues.models import GatewayConfig, LegalEntity, Nas, Organization, Venue, WifiPolicy
from tests.conftest import make_settings
from tests.support.house import NOW

TABLES = (Organization, LegalEntity, Venue, Source, WifiPolicy, GatewayConfig, Nas, StaffUser)


@pytest.fixture
def home(settings: Settings, database: Database) -> House:
    return House(settings, database)


def counts(home: House) -> dict[str, int]:
    with home.database.reading() as session:
        return {table.__name__: session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}


def reports(home: House, days: int) -> list[ChannelReport]:
    with home.database.reading() as session:
        venues = session.scalars(select(Venue).order_by(Venue.id)).all()
        asked = [Question(venue, (NOW - timedelta(days)).date(), NOW.date()) for venue in venues]
        return [channels(session, question, now=NOW) for question in asked]


def test_a_whole_house_stands_with_live_venues_in_two_zones(home: House) -> None:
    result = demo.seed(home, NOW)
    assert counts(home) == {
        "Organization": 1, "LegalEntity": 1, "Venue": 2, "Source": 16,
        "WifiPolicy": 2, "GatewayConfig": 1, "Nas": 1, "StaffUser": 1,
    }  # fmt: skip
    with home.database.reading() as session:
        venues = session.scalars(select(Venue)).all()
        assert {venue.timezone for venue in venues} == {"Europe/Moscow", "Asia/Yekaterinburg"}
        assert all(venue.live and not obstacles_to_live(session, venue, venue.legal_entity) for venue in venues)
        codes = set(session.scalars(select(Source.code).where(Source.kind != "wifi")))
    assert {url.rsplit("/", 1)[1] for _, url in result.links if "/s/" in url} == codes
    assert all(url.startswith("http://127.0.0.1:8000/") for _, url in result.links)


def test_a_second_run_keeps_everything_and_tells_no_password(home: House) -> None:
    first = demo.seed(home, NOW)
    before = counts(home)
    second = demo.seed(home, NOW + timedelta(days=1))
    assert counts(home) == before
    assert second.links == first.links
    assert first.made and first.password and not second.made and second.password is None
    assert first.password not in repr(first)


def test_another_port_moves_the_pretend_router_along(home: House, tmp_path: Path, database_url: str) -> None:
    demo.seed(home, NOW)
    demo.seed(replace(home, settings=make_settings(tmp_path, database_url=database_url, port=9100)), NOW)
    with home.database.reading() as session:
        assert session.scalars(select(GatewayConfig.base_url)).all() == ["http://127.0.0.1:9102"]


def test_the_history_is_marked_whole_and_holds_no_person(home: House) -> None:
    demo.seed(home, NOW)
    written = demo.invent(home, 30, 1, NOW)
    with home.database.reading() as session:
        visits = session.scalars(select(Visit)).all()
        assert session.scalar(select(func.count()).select_from(Guest)) == 0
    assert len(visits) == written > 5000
    assert all(visit.synthetic and visit.guest_id is None and visit.ip is None and visit.user_agent is None for visit in visits)
    assert max(visit.arrived_at for visit in visits) <= NOW
    assert all(max(v.phone_at or NOW, v.verified_at or NOW, v.online_at or NOW, v.card_saved_at or NOW) <= NOW for v in visits)
    classes = Counter(visit.visitor_class for visit in visits)
    assert min(classes[name] for name in ("guest", "bot", "remembered", "voucher")) > 10
    assert any(visit.utm_raw and visit.utm_raw != visit.utm_raw.lower() for visit in visits)


def test_the_channels_behave_as_the_trade_says(home: House) -> None:
    demo.seed(home, NOW)
    demo.invent(home, 60, 7, NOW)
    for report in reports(home, 60):
        assert report.is_synthetic and report.apart.bots and report.apart.remembered
        rates = {row.source.kind: row.steps[2].of_start or 0 for row in report.rows if row.source}
        assert 0.38 < rates["wifi"] < 0.55
        assert 0.18 < rates["table_tent"] < 0.32
        assert rates["receipt"] < 0.13 < rates["staff_badge"]
        other = report.row(None)
        assert other is not None and other.counts.of("seen") > 50
    trial = next(row for row in reports(home, 60)[0].rows if row.source and row.source.label == demo_house.TRIAL_LABEL)
    assert (trial.counts.of("seen"), trial.counts.of("verified")) == TRIAL


def test_the_past_has_what_the_pages_show_and_a_second_one_takes_the_place_of_the_first(home: House) -> None:
    demo.seed(home, NOW)
    for _ in range(2):
        demo.invent(home, 40, 1, NOW)
    guests = Visit.visitor_class == "guest"
    with home.database.reading() as session:
        before = dict(session.execute(select(Visit.came_before, func.count()).where(guests).group_by(Visit.came_before)).all())
        paid = session.scalar(select(func.count()).where(Visit.sms_kopecks > 0, Visit.code_sent_at.is_(None)))
        unpaid = session.scalar(select(func.count()).where(Visit.sms_kopecks == 0, Visit.code_sent_at.is_not(None)))
        notes = session.scalars(select(Annotation.who)).all()
        unprinted = session.scalars(select(Source.kind).where(Source.sheet_taken_at.is_(None)).distinct()).all()
    assert 0.1 < before[True] / (before[True] + before[False]) < 0.35
    assert (paid, unpaid) == (0, 0)
    assert notes == [demo.NOTED_BY] * 4
    assert unprinted == ["wifi"]


def test_inventing_again_replaces_and_the_seed_decides(home: House) -> None:
    demo.seed(home, NOW)
    first = demo.invent(home, 5, 1, NOW)
    totals = [report.totals for report in reports(home, 5)]
    assert demo.invent(home, 5, 1, NOW) == first
    assert [report.totals for report in reports(home, 5)] == totals
    demo.invent(home, 5, 2, NOW)
    assert [report.totals for report in reports(home, 5)] != totals


def test_the_command_prints_the_links_and_the_password_once(
    tmp_path: Path, database_url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("DEMO", "true"), ("DATA_DIR", str(tmp_path / "var")), ("DATABASE_URL", database_url)):
        monkeypatch.setenv(f"VESTIBULE_{name}", value)
    first = CliRunner().invoke(main, ["demo", "--days", "2"])
    assert first.exit_code == 0, first.output
    assert re.search(r"http://127\.0\.0\.1:8000/s/\w{7}\n", first.output)
    assert re.search(r"password \S{12,} \(shown once\)", first.output)
    assert re.search(r"\d+ visits of 2 days invented; reports call them synthetic", first.output)
    second = CliRunner().invoke(main, ["demo"])
    assert second.exit_code == 0 and "password" not in second.output


def test_outside_a_demo_nothing_is_invented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = "tests-only-0123456789-abcdefghijkl"
    names = ("SECRET_KEY", "IDENTITY_KEY", "RADIUS_HOOK_SECRET", "METRICS_TOKEN")
    facts = {"DEMO": "false", "PUBLIC_URL": "https://wifi.example.ru", "DATA_DIR": str(tmp_path), **dict.fromkeys(names, secret)}
    for name, value in facts.items():
        monkeypatch.setenv(f"VESTIBULE_{name}", value)
    result = CliRunner().invoke(main, ["demo", "--days", "1"])
    assert result.exit_code == 1
    assert "VESTIBULE_DEMO=true" in result.output
