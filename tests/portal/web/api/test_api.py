"""The API answers the token's venues and nobody else's, counts its questions, and says what a report says."""

from datetime import date, timedelta

import pytest

from portal.reporting.funnel import channels
from portal.reporting.question import Question
from portal.staff import api_tokens
from portal.staff.models import ApiToken, StaffUser
from portal.venues.models import Venue
from portal.web.api.guards import A_MINUTE
from tests.support.dashboard import dashboard_app, employ
from tests.support.house import NOW, House, build_house
from tests.support.visits import add_visit

S = timedelta(seconds=1)
DAY = date(2026, 11, 22)


class Program:
    """A customer's program with a key."""

    def __init__(self, app, token: str) -> None:
        self.client, self.token = app.test_client(), token

    def get(self, path: str):
        return self.client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
def clock() -> list:
    return [NOW]


@pytest.fixture
def app(settings, database, house, clock):
    return dashboard_app(settings, database, lambda: clock[0])


@pytest.fixture
def owner(database, house) -> StaffUser:
    email = employ(database, house.organization_id, "owner")
    with database.reading() as session:
        return session.query(StaffUser).filter_by(email=email).one()


@pytest.fixture
def other(database, house) -> House:
    with database.writing() as session:
        return build_house(session, "blinnaya")


def program(app, database, owner: StaffUser, venue_ids: tuple[int, ...] = ()) -> Program:
    with database.writing() as session:
        return Program(app, api_tokens.create(session, owner, "till", venue_ids, NOW)[1])


@pytest.fixture
def till(app, database, owner) -> Program:
    return program(app, database, owner)


def test_the_channel_report_says_what_the_dashboard_says_with_counts_and_intervals(database, house, till) -> None:
    with database.writing() as session:
        for n in range(40):
            reached = {"phone": S, "verified": 2 * S, "card": 2 * S} if n < 10 else {}
            add_visit(session, house, NOW - timedelta(minutes=n), reached)
        add_visit(session, house, NOW, {}, visitor_class="bot")
    with database.reading() as session:
        venue = session.get_one(Venue, house.venue_id)
        wanted = channels(session, Question(venue, DAY, DAY), now=NOW)
    said = till.get(f"/venues/teremok/channels?first={DAY}&last={DAY}").json
    assert said["asked"] == {
        "venue": "teremok", "timezone": "Europe/Moscow", "first": "2026-11-22", "last": "2026-11-22", "window": "24h",
        "attribution": "visit", "visitors": "all", "goal": "verified",
    }  # fmt: skip
    verified = next(step for step in said["totals"] if step["step"] == "verified")
    step = wanted.totals.step("verified")
    assert verified["of_start"] == {
        "k": 10, "n": 40, "share": 0.25, "low": step.interval.low, "high": step.interval.high,
    }  # fmt: skip
    assert said["channels"][0]["source"] == {"code": house.source_code, "label": "Стол 7", "kind": "table_tent"}
    assert said["channels"][-1]["source"] is None
    assert (said["apart"]["bots"], said["unripe"]) == (1, 40)


def test_series_funnel_times_stops_and_sources_answer(database, house, till) -> None:
    with database.writing() as session:
        add_visit(session, house, NOW - timedelta(days=3), {"phone": 5 * S, "verified": 9 * S})
    series = till.get("/venues/teremok/series?grain=week").json
    assert sum(bucket["steps"][0]["of_start"]["k"] for bucket in series["buckets"]) == 1
    assert [step["step"] for step in till.get("/venues/teremok/funnel").json["steps"]][:2] == ["seen", "phone"]
    assert next(one for one in till.get("/venues/teremok/times").json["steps"] if one["step"] == "phone")["n"] == 1
    assert {"place", "of"} == set(till.get("/venues/teremok/stops").json["stops"][0])
    (source,) = till.get("/venues/teremok/sources").json["items"]
    assert (source["code"], source["created_at"]) == (house.source_code, "2026-11-22T09:00:00Z")
    assert till.get("/venues/teremok").json["timezone"] == "Europe/Moscow"


def test_lists_come_in_pages(database, house, owner, app, till) -> None:
    with database.writing() as session:
        here = session.get_one(Venue, house.venue_id)
        for n in range(5):
            session.add(
                Venue(
                    organization_id=here.organization_id, legal_entity_id=here.legal_entity_id, code=f"v-{n}", name="x",
                    created_at=NOW,
                )
            )  # fmt: skip
    codes, after = [], ""
    for _ in range(9):
        page = till.get(f"/venues?limit=2&after={after}").json
        codes += [venue["code"] for venue in page["items"]]
        if (after := page["next"]) is None:
            break
    assert codes == sorted(["teremok", *(f"v-{n}" for n in range(5))])


@pytest.mark.parametrize("path", ["", "/sources", "/channels", "/series", "/funnel", "/times", "/stops"])
def test_another_organizations_venue_is_answered_as_one_that_does_not_exist(database, other, till, path) -> None:
    theirs, nobodys = till.get(f"/venues/blinnaya{path}"), till.get(f"/venues/nobody-has{path}")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data
    assert theirs.content_type == "application/problem+json"
    assert "blinnaya" not in till.get("/venues").text


def test_a_key_of_one_venue_sees_no_other_of_its_own_organization(database, house, owner, app) -> None:
    with database.writing() as session:
        here = session.get_one(Venue, house.venue_id)
        hall = Venue(
            organization_id=here.organization_id, legal_entity_id=here.legal_entity_id, code="hall", name="x", created_at=NOW
        )
        session.add(hall)
        session.flush()
        hall_id = hall.id
    mine = program(app, database, owner, (hall_id,))
    assert [venue["code"] for venue in mine.get("/venues").json["items"]] == ["hall"]
    assert mine.get("/venues/teremok/channels").status_code == 404


def test_a_source_of_another_venue_is_no_filter(other, till) -> None:
    answer = till.get(f"/venues/teremok/channels?source={other.source_code}")
    assert answer.status_code == 422
    assert "source" in answer.json["errors"]


@pytest.mark.parametrize(
    "query",
    [
        "first=2026-11-22&last=2026-11-01", "first=2020-01-01&last=2026-11-22", "first=1999-12-31", "last=2199-01-01",
        "first=22.11.2026", "first=1700000000", "window=1h", "typo=1", "window=24h&window=7d", "source=%00", "limit=5",
        "visitors=", "language=de", "kind=none", "goal=seen", "first=2026-02-30", "first=%D9%A3026-01-01",
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_understood_says_which_parameter(till, query) -> None:
    answer = till.get(f"/venues/teremok/channels?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"]


NO_TOKENS = ("", "Bearer nothing", "Basic dmVzdA==", "Bearer vst_" + "x" * 43, "Bearer vst_кот", "Bearer")


@pytest.mark.parametrize("said", NO_TOKENS)
def test_without_a_live_token_there_is_one_answer(app, said) -> None:
    for path in ("/venues", "/venues/teremok", "/venues/nobody-has/channels"):
        headers = {"Authorization": said.encode().decode("latin-1")} if said else {}
        answer = app.test_client().get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json["status"] == 401


def test_a_token_in_the_address_opens_nothing(app, till) -> None:
    assert app.test_client().get(f"/api/v1/venues?token={till.token}").status_code == 401
    assert app.test_client().get(f"/api/v1/venues?access_token={till.token}").status_code == 401


def test_a_revoked_token_opens_nothing_and_only_its_organization_revokes_it(database, house, other, till) -> None:
    with database.writing() as session:
        row = session.query(ApiToken).one()
        assert api_tokens.revoke(session, other.organization_id, row.public_id, NOW) is None
    assert till.get("/venues").status_code == 200
    with database.writing() as session:
        assert api_tokens.revoke(session, house.organization_id, row.public_id, NOW) is not None
    assert till.get("/venues").status_code == 401


def test_a_token_is_stored_as_a_hash_and_its_use_is_written_every_five_minutes(database, till, clock) -> None:
    def used():
        with database.reading() as session:
            return session.query(ApiToken).one().used_at

    with database.reading() as session:
        row = session.query(ApiToken).one()
    assert till.token not in "".join(str(getattr(row, column.name)) for column in ApiToken.__table__.c)
    assert till.token.endswith(row.hint) and used() is None
    till.get("/venues")
    assert used() == NOW
    clock[0] = NOW + timedelta(minutes=4)
    till.get("/venues")
    assert used() == NOW
    clock[0] = NOW + timedelta(minutes=6)
    till.get("/venues")
    assert used() == clock[0]


def test_too_many_questions_are_answered_429_and_when_to_come_back(till, clock) -> None:
    for _ in range(A_MINUTE):
        assert till.get("/venues").status_code == 200
    refused = till.get("/venues")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert refused.json["title"] == "Too Many Requests"
    clock[0] = NOW + timedelta(seconds=61)
    assert till.get("/venues").status_code == 200


def test_every_failure_below_the_api_is_a_problem_and_not_a_page(app, till) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("POST", "/venues", 405), ("DELETE", "/venues/teremok", 405)):
        answer = till.client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {till.token}"})
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), path
        assert "<" not in answer.text


def test_a_cookie_of_the_dashboard_opens_nothing_here(app, database, house, owner) -> None:
    from tests.support.dashboard import Browser

    browser = Browser(app)
    browser.sign_in(owner.email)
    assert browser.get("/api/v1/venues").status_code == 401


def test_a8_sql_in_a_parameter_or_a_code_is_a_text(database, house, till) -> None:
    for hostile in ("'%20OR%201=1--", "%27;DROP%20TABLE%20visit;--", "teremok%27--", "%5C%27", "*"):
        assert till.get(f"/venues/{hostile}/channels").status_code == 404
        assert till.get(f"/venues/teremok/channels?campaign={hostile}").status_code == 200
        assert till.get(f"/venues/teremok/sources?after={hostile}").status_code == 422
        assert till.get(f"/venues/teremok/series?grain={hostile}").status_code == 422
    assert till.get("/venues/teremok/channels").status_code == 200


def test_a7_what_anybody_wrote_is_json_and_never_a_page(database, house, till) -> None:
    from portal.acquisition.models import Source

    with database.writing() as session:
        session.get_one(Source, house.source_id).label = "</script><script>alert(1)</script>"
    answer = till.get("/venues/teremok/sources")
    assert answer.content_type == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.json["items"][0]["label"].startswith("</script>")


def test_no_answer_holds_anything_of_a_guest(database, house, till) -> None:
    from tests.support.members import plain_guest

    with database.writing() as session:
        guest = plain_guest(session, house, 1, NOW)
        guest.name = "Клавдия"
        add_visit(session, house, NOW, {"phone": S, "verified": S}, guest_id=guest.id, ip="203.0.113.77", user_agent="UA-77")
    for path in ("", "/sources", "/channels", "/series", "/funnel", "/times", "/stops"):
        text = till.get(f"/venues/teremok{path}").text
        assert not any(secret in text for secret in ("7903", "Клавдия", "203.0.113.77", "UA-77", guest.public_id))
