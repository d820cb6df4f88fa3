"""Alerts are raised once, end by themselves and are mailed; Monday's letter comes once to who wants it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.acquisition import costs
from portal.acquisition.costs import Price
from portal.acquisition.models import Source
from portal.core.db import Database
from portal.jobs import mail, reports
from portal.mail.delivery import Commission
from portal.mail.letters import as_message
from portal.mail.models import MailMessage
from portal.mail.writing import as_html, as_text
from portal.reporting import alerts, watch, weekly
from portal.reporting.models import Alert, RollupState
from portal.staff.models import StaffUser
from portal.venues.models import Venue
from tests.support.dashboard import employ
from tests.support.house import House, build_house
from tests.support.sms import queue_one
from tests.support.visits import add_visit

S = timedelta(seconds=1)
MORNING = datetime(2026, 11, 23, 7, 3, tzinfo=UTC)  # Monday, 10:03 in Moscow


@pytest.fixture
def wifi_id(database: Database, house: House) -> int:
    with database.writing() as session:
        source = Source(
            organization_id=house.organization_id, venue_id=house.venue_id, code="wifi-77", kind="wifi", label="Wi-Fi",
            created_at=MORNING,
        )  # fmt: skip
        session.add(source)
        session.flush()
        return source.id


def visited(database: Database, house: House, days: range, **values) -> None:
    """Four visits on each day, so many days ago."""
    with database.writing() as session:
        for ago in days:
            for hour in range(4):
                add_visit(session, house, MORNING - timedelta(days=ago, hours=hour), {}, **values)


def rows(database: Database, model) -> list:
    with database.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def test_a_sticker_that_is_gone_is_missed_once_and_found_again(database, house, wifi_id) -> None:
    visited(database, house, range(6, 60))
    visited(database, house, range(60), source_id=wifi_id)
    assert reports.look(database, MORNING) == 1
    assert reports.look(database, MORNING) == 0
    (alert,) = rows(database, Alert)
    assert (alert.kind, alert.source_id, alert.ended_at) == ("quiet", house.source_id, None)
    assert (alert.facts["since"], alert.facts["days"]) == ("2026-11-18", 5)
    with database.writing() as session:
        add_visit(session, house, MORNING, {})
    assert reports.look(database, MORNING + timedelta(days=1)) == 0
    assert rows(database, Alert)[0].ended_at == MORNING + timedelta(days=1)


@pytest.mark.parametrize("asleep", ["retired_at", "paused_at", "merged_at", "points_to_id"])
def test_a_source_that_is_meant_to_rest_is_never_missed(database, house, wifi_id, asleep) -> None:
    visited(database, house, range(6, 60))
    visited(database, house, range(60), source_id=wifi_id)
    assert reports.look(database, MORNING) == 1
    with database.writing() as session:
        setattr(session.get_one(Source, house.source_id), asleep, wifi_id if asleep == "points_to_id" else MORNING)
        if asleep == "merged_at":
            session.get_one(Source, house.source_id).points_to_id = wifi_id
    assert reports.look(database, MORNING) == 0
    assert rows(database, Alert)[0].ended_at is not None


def test_machines_are_no_sign_of_an_open_door_and_a_closed_venue_misses_nobody(database, house, wifi_id) -> None:
    visited(database, house, range(6, 60))
    visited(database, house, range(6, 60), source_id=wifi_id)
    visited(database, house, range(6), visitor_class="bot", source_id=wifi_id)
    assert reports.look(database, MORNING) == 0
    visited(database, house, range(6), source_id=wifi_id)
    with database.writing() as session:
        session.get_one(Venue, house.venue_id).live = False
    assert reports.look(database, MORNING) == 0


def test_only_at_the_venues_hour(database, house, wifi_id) -> None:
    visited(database, house, range(6, 60))
    visited(database, house, range(60), source_id=wifi_id)
    assert reports.look(database, MORNING + timedelta(hours=1)) == 0
    assert reports.look(database, MORNING + timedelta(hours=4)) == 0  # 14:03 looks at SMS only


def test_sms_that_arrive_no_more_are_told_and_end_when_they_arrive(database, house) -> None:
    messages(database, house, 300, 0.95, timedelta(days=10))
    messages(database, house, 60, 0.7, timedelta(hours=5))
    assert reports.look(database, MORNING) == 1
    (alert,) = rows(database, Alert)
    assert alert.kind == "delivery"
    assert (alert.facts["n"], alert.facts["past_n"]) == (60, 300)
    messages(database, house, 200, 1.0, timedelta(hours=5))
    assert reports.look(database, MORNING) == 0
    assert rows(database, Alert)[0].ended_at == MORNING


def test_a_steady_delivery_and_too_few_messages_raise_nothing(database, house) -> None:
    messages(database, house, 300, 0.9, timedelta(days=10))
    messages(database, house, 60, 0.88, timedelta(hours=5))
    assert reports.look(database, MORNING) == 0
    messages(database, house, 20, 0.0, timedelta(minutes=30))  # these may still arrive
    assert reports.look(database, MORNING) == 0


def messages(database: Database, house: House, count: int, share: float, ago: timedelta) -> None:
    """So many SMS, so long ago, of which this share arrived."""
    at = MORNING - ago
    with database.writing() as session:
        for n in range(count):
            message = queue_one(session, house, at)
            message.status, message.sent_at = "sent", at
            message.delivered_at = at if n < share * count else None


def test_a_plan_nearly_spent_is_told_in_its_month(database, house) -> None:
    with database.writing() as session:
        source = session.get_one(Source, house.source_id)
        source.plan_kopecks, source.created_at = 100_000, MORNING - timedelta(days=60)
        costs.add(session, source, Price("once", 89_900, date(2026, 11, 2), date(2026, 11, 2)), MORNING)
    assert reports.look(database, MORNING) == 0
    with database.writing() as session:
        costs.add(
            session, session.get_one(Source, house.source_id), Price("once", 100, date(2026, 11, 3), date(2026, 11, 3)), MORNING
        )
    assert reports.look(database, MORNING) == 1
    assert reports.look(database, MORNING + timedelta(days=1)) == 0
    assert rows(database, Alert)[0].facts["spent"] == 90_000
    assert reports.look(database, MORNING + timedelta(days=10)) == 0  # December has a plan of its own
    assert rows(database, Alert)[0].ended_at is not None


def test_sums_that_drifted_are_told(database, house) -> None:
    with database.writing() as session:
        state = RollupState(
            venue_id=house.venue_id, organization_id=house.organization_id, zone="Europe/Moscow", closed_until=MORNING, drift=3
        )
        session.add(state)
    with database.reading() as session:
        assert watch.drift(session, session.get_one(Venue, house.venue_id)) == {(None, ""): {"rows": 3}}


@pytest.fixture
def people(database, house) -> dict[str, int]:
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    employ(database, other.organization_id, "owner", "stranger@blinnaya.example")
    for role in ("owner", "marketer", "staff"):
        employ(database, house.organization_id, role)
    employ(database, house.organization_id, "marketer", "silent@teremok.example")
    with database.writing() as session:
        silent = session.scalars(select(StaffUser).where(StaffUser.email == "silent@teremok.example")).one()
        silent.weekly_report = silent.alerts = False
    return {user.email.split("@")[0]: user.id for user in rows(database, StaffUser)}


def letter(database, settings, message: MailMessage, now=MORNING):
    commission = Commission(message.id, 1, message.staff_user_id, message.kind, message.reference, message.facts)
    with database.reading() as session:
        return mail.composing(settings)(session, commission, now)


def test_an_alert_is_mailed_once_to_who_sees_the_venue_and_wants_it(database, house, settings, people, wifi_id) -> None:
    visited(database, house, range(6, 60))
    visited(database, house, range(60), source_id=wifi_id)
    reports.look(database, MORNING)
    assert reports.mail_alerts(database, MORNING) == 2
    assert reports.mail_alerts(database, MORNING) == 0
    sent = rows(database, MailMessage)
    assert {one.staff_user_id for one in sent} == {people["owner"], people["marketer"]}
    text = as_text(letter(database, settings, sent[0]).written.blocks)
    assert "СТОЛ 7" in text and "/dashboard/overview?venue=teremok" in text
    with database.writing() as session:
        add_visit(session, house, MORNING, {})
    reports.look(database, MORNING + timedelta(days=1))
    assert letter(database, settings, sent[0]) is None  # over before the letter left


def test_mondays_letter_is_queued_once_for_each_who_wants_it(database, house, people) -> None:
    nine = MORNING.replace(hour=6, minute=3)  # 09:03 in Moscow
    assert reports.queue_weekly(database, nine - timedelta(hours=1)) == 0
    assert reports.queue_weekly(database, nine) == 3
    assert reports.queue_weekly(database, nine + timedelta(hours=5)) == 0
    assert reports.queue_weekly(database, nine + timedelta(days=1)) == 0
    assert reports.queue_weekly(database, nine + timedelta(days=2)) == 0
    assert reports.queue_weekly(database, nine + timedelta(days=7)) == 3
    references = [one.reference for one in rows(database, MailMessage)]
    assert f"weekly:{people['owner']}:2026-W47" in references
    assert {reference.split(":")[1] for reference in references} == {
        str(people[name]) for name in ("owner", "marketer", "stranger")
    }


def test_mondays_letter_holds_the_weeks_figures_with_counts_and_intervals(database, house, settings, people, wifi_id) -> None:
    member = {"phone": S, "verified": 2 * S, "card": 2 * S}
    with database.writing() as session:
        for n in range(40):
            add_visit(session, house, MORNING - timedelta(days=3, minutes=n), member if n < 10 else {})
        for n in range(20):
            add_visit(session, house, MORNING - timedelta(days=10, minutes=n), member if n < 5 else {}, source_id=wifi_id)
    reports.queue_weekly(database, MORNING)
    mine = next(one for one in rows(database, MailMessage) if one.staff_user_id == people["owner"])
    said = letter(database, settings, mine)
    text = as_text(said.written.blocks)
    assert "25,0" in text and "(10/40;" in text and "(5/20;" in text
    assert "/dashboard/overview?venue=teremok&from=2026-11-16&to=2026-11-22" in text
    assert "blinnaya" not in text
    html = as_html(said.written.blocks, "ru")
    assert "<script" not in html and "src=" not in html
    assert said.written.unsubscribe


def test_a7_a_hostile_label_is_text_in_the_letters(database, house, settings, people) -> None:
    label = '"><script>alert(1)</script>\r\nBcc: evil@example.org'
    with database.writing() as session:
        session.get_one(Source, house.source_id).label = label
        session.get_one(Venue, house.venue_id).name = label
        add_visit(session, house, MORNING - timedelta(days=3), {})
    reports.queue_weekly(database, MORNING)
    mine = next(one for one in rows(database, MailMessage) if one.staff_user_id == people["owner"])
    said = letter(database, settings, mine)
    assert "<script>" not in as_html(said.written.blocks, "ru")
    message = as_message(said, "Vestibule <robot@example.org>")
    assert message["Bcc"] is None and len(message.get_all("To")) == 1


@pytest.mark.parametrize(
    ("zone", "moment", "due"),
    [
        ("Europe/Moscow", datetime(2026, 11, 23, 6, 0, tzinfo=UTC), True),
        ("Europe/Moscow", datetime(2026, 11, 23, 5, 59, tzinfo=UTC), False),
        ("Asia/Kamchatka", datetime(2026, 11, 22, 21, 0, tzinfo=UTC), True),
        ("Asia/Kolkata", datetime(2026, 11, 23, 3, 29, tzinfo=UTC), False),
        ("Asia/Kolkata", datetime(2026, 11, 23, 3, 30, tzinfo=UTC), True),
    ],
)
def test_monday_nine_is_the_venues_own(zone: str, moment: datetime, due: bool) -> None:
    assert weekly.is_due(moment, zone) is due


def test_a_year_may_begin_within_a_week() -> None:
    assert weekly.iso_week(date(2026, 12, 28)) == "2026-W53"
    assert weekly.last_monday(datetime(2027, 1, 4, 9, tzinfo=UTC), "Europe/Moscow") == date(2026, 12, 28)


def test_open_alerts_are_those_of_the_venues_asked_for(database, house) -> None:
    with database.writing() as session:
        mine = session.get_one(Venue, house.venue_id)
        other = session.get_one(Venue, build_house(session, "blinnaya").venue_id)
        for venue in (mine, other):
            alerts.raise_once(session, venue, "drift", {"rows": 1}, MORNING)
        assert [one.venue.code for one in alerts.open_for(session, [mine])] == ["teremok"]
