"""People of an organization, links by e-mail, the second factor, browsers and the journal, as a person meets them."""

import re
from datetime import datetime, timedelta

import pyotp
import pytest
from sqlalchemy import Engine, event, select

from portal.jobs import mail
from portal.mail.models import MailMessage
from portal.staff import accounts, journal, second_factor
from portal.staff.models import StaffJournal, StaffResetRequest, StaffSession, StaffUser
from tests.conftest import make_settings
from tests.support.dashboard import PASSWORD, Browser, dashboard_app, employ
from tests.support.house import NOW, build_house
from tests.support.mail import RecordingMail

GOOD = "три разных слова"


class Clock:
    """Noon for everybody."""

    def __init__(self) -> None:
        self.now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(settings, database, house, clock):
    return dashboard_app(settings, database, clock)


@pytest.fixture
def strict(tmp_path, database, database_url, house, clock):
    """Not a demo: owners owe a second factor."""
    settings = make_settings(
        tmp_path, database_url=database_url, demo=False, public_url="https://wifi.teremok.example", allowed_hosts="localhost"
    )
    return dashboard_app(settings, database, clock)


@pytest.fixture
def owner(app, database, house) -> Browser:
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


def letters(settings, database, clock) -> list[str]:
    """The links of everything that is in the outbox, as the worker writes them."""
    carrier = RecordingMail()
    mail.work(mail.postman(settings, database, carrier, clock))
    return [block.url for letter in carrier.sent for block in letter.written.blocks if hasattr(block, "url")]


def path_of(link: str) -> str:
    return "/dashboard" + link.split("/dashboard")[1]


def lines(database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(line.action, line.subject) for line in session.scalars(select(StaffJournal).order_by(StaffJournal.id))]


def person(database, email: str) -> StaffUser:
    with database.reading() as session:
        return accounts.by_email(session, email)


def test_somebody_is_invited_sets_a_password_and_signs_in(app, owner, settings, database, house, clock):
    sent = owner.post("/dashboard/people", email="Boris@Teremok.example", name="Борис", role="marketer")
    assert sent.status_code == 303
    (link,) = letters(settings, database, clock)
    newcomer = Browser(app)
    assert "boris@teremok.example" in newcomer.get(path_of(link)).text
    assert newcomer.get(path_of(link)).status_code == 200, "opening it changes nothing"
    assert newcomer.post(path_of(link), name="Борис", password="short").status_code == 422
    assert newcomer.post(path_of(link), name="Борис Б.", password=GOOD).location == "/dashboard/sign-in"
    assert newcomer.get(path_of(link)).status_code == 404
    assert newcomer.sign_in("boris@teremok.example", GOOD).status_code == 303
    assert newcomer.get("/dashboard/overview").status_code == 200
    assert newcomer.get("/dashboard/people").status_code == 403
    assert lines(database) == [("person.invite", "boris@teremok.example"), ("account.begin", "boris@teremok.example")]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "owner@teremok.example"}, "email"),
        ({"email": "no-address"}, "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
        ({"name": ""}, "name"),
        ({"role": "root"}, "role"),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_at_its_field(owner, database, typed, field):
    values = {"email": "boris@teremok.example", "name": "Борис", "role": "staff", **typed}
    answer = owner.post("/dashboard/people", **values)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with database.reading() as session:
        assert session.scalars(select(MailMessage)).all() == []


def test_nobody_gives_venues_that_are_not_their_organizations(owner, database, house):
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    answer = owner.post("/dashboard/people", email="b@teremok.example", name="Борис", role="staff", venues=[str(other.venue_id)])
    assert answer.status_code == 422
    assert person(database, "b@teremok.example") is None


def test_a_colleague_is_changed_closed_opened_and_helped_back(app, owner, settings, database, house, clock):
    email = employ(database, house.organization_id, "marketer")
    colleague = Browser(app)
    colleague.sign_in(email)
    at = f"/dashboard/people/{person(database, email).id}"
    assert owner.post(at, role="staff", venues=[str(house.venue_id)]).status_code == 303
    assert colleague.get("/dashboard/overview").status_code == 403, "from the next click on"
    assert person(database, email).venue_ids == [house.venue_id]
    owner.post(f"{at}/close", form_at=at)
    assert colleague.get("/dashboard/lookup").location == "/dashboard/sign-in"
    assert Browser(app).sign_in(email).status_code == 422
    owner.post(f"{at}/reopen", form_at=at)
    assert Browser(app).sign_in(email).status_code == 422, "the old password does not come back"
    (link,) = letters(settings, database, clock)
    colleague.post(path_of(link), name="Марк", password=GOOD)
    assert colleague.sign_in(email, GOOD).status_code == 303
    owner.post(f"{at}/link", form_at=at)
    assert len(letters(settings, database, clock)) == 1
    assert [action for action, _subject in lines(database)] == [
        "person.edit", "person.close", "person.reopen", "account.begin", "person.resend",
    ]  # fmt: skip


def test_the_last_owner_stays_and_nobody_changes_themselves(owner, database, house):
    own = person(database, "owner@teremok.example")
    assert owner.post(f"/dashboard/people/{own.id}", form_at="/dashboard/people", role="staff").status_code == 422
    owner.post(f"/dashboard/people/{own.id}/close", form_at="/dashboard/people")
    assert owner.post(f"/dashboard/people/{own.id}/second-factor", form_at="/dashboard/people").status_code == 404
    assert person(database, "owner@teremok.example").active
    assert person(database, "owner@teremok.example").role == "owner"


def test_people_of_another_organization_are_nobody(owner, app, database, house):
    with database.writing() as session:
        other = build_house(session, "blinnaya")
    theirs = person(database, employ(database, other.organization_id, "owner", "chef@blinnaya.example"))
    stranger = Browser(app)
    stranger.sign_in("chef@blinnaya.example")
    with database.reading() as session:
        browser = session.scalar(select(StaffSession.id).where(StaffSession.staff_user_id == theirs.id))
    assert "chef@blinnaya.example" not in owner.get("/dashboard/people").text

    def words(answer):
        return answer.status_code, re.sub(r'value="[^"]*"|/people/\d+|\?lang=en', "", answer.text)

    assert words(owner.get(f"/dashboard/people/{theirs.id}")) == words(owner.get("/dashboard/people/999999"))
    for rest in ("", "/link", "/close", "/reopen", "/second-factor", f"/sessions/{browser}/revoke"):
        assert owner.post(f"/dashboard/people/{theirs.id}{rest}", form_at="/dashboard/people").status_code == 404
    assert stranger.get("/dashboard/overview").status_code == 200
    assert lines(database) == []


def test_a_forgotten_password_gets_one_answer_whoever_asks(app, settings, database, house, clock):
    employ(database, house.organization_id, "owner")

    def words(email):
        return re.sub(r'value="[^"]*"|[\w.]+@[\w.]+', "", Browser(app).post("/dashboard/forgot", email=email).text)

    assert words("owner@teremok.example") == words("nobody@teremok.example")
    (link,) = letters(settings, database, clock)
    browser = Browser(app)
    assert browser.post(path_of(link), password=GOOD).status_code == 303
    assert browser.sign_in("owner@teremok.example", GOOD).status_code == 303
    assert Browser(app).sign_in("owner@teremok.example", PASSWORD).status_code == 422


def test_a13_the_answer_waits_for_the_same_work_whether_there_is_such_a_login_or_not(app, database, house):
    """The same statements in the same order: how long they take can tell nothing."""
    employ(database, house.organization_id, "owner")
    browser = Browser(app)
    token = browser.token("/dashboard/forgot")

    def statements(email: str) -> list[str]:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            assert browser.send("/dashboard/forgot", csrf_token=token, email=email).status_code == 200
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return asked

    statements("other@teremok.example")  # the first question from an address makes the row that counts its questions
    known, unknown = statements("owner@teremok.example"), statements("nobody@teremok.example")
    assert known == unknown
    assert any("staff_reset_request" in statement for statement in known)
    assert not [statement for statement in known if "staff_user" in statement]


def test_a_question_of_a_forgotten_password_waits_for_the_worker_and_is_answered_once(app, settings, database, house, clock):
    employ(database, house.organization_id, "owner")
    for email in ("nobody@teremok.example", "Owner@Teremok.example "):
        Browser(app).post("/dashboard/forgot", email=email)
    assert len(letters(settings, database, clock)) == 1
    assert letters(settings, database, clock) == []
    with database.reading() as session:
        assert session.scalars(select(StaffResetRequest)).all() == []


def test_the_sixth_letter_to_one_mailbox_is_not_written_and_the_sixth_question_is_refused(app, database, house):
    employ(database, house.organization_id, "owner")
    for i in range(6):
        assert Browser(app, f"198.51.100.{i}").post("/dashboard/forgot", email="owner@teremok.example").status_code == 200
    with database.reading() as session:
        assert len(session.scalars(select(StaffResetRequest)).all()) == 5
    for i in range(5):
        Browser(app, "203.0.113.77").post("/dashboard/forgot", email=f"n{i}@teremok.example")
    assert Browser(app, "203.0.113.77").post("/dashboard/forgot", email="x@teremok.example").status_code == 429


def set_up(browser: Browser, clock: Clock) -> tuple[str, list[str]]:
    """Do what the page says: the secret and the recovery codes."""
    page = browser.get("/dashboard/second-factor").text
    key = re.sub(r"<[^>]+>|\s", "", re.search(r'<code class="key">(.*?)</code>', page, re.DOTALL)[1])
    sealed = re.search(r'name="sealed"[^>]* value="([^"]+)"', page)[1]
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    code = pyotp.TOTP(key).at(clock.now)
    done = browser.send("/dashboard/second-factor", csrf_token=token, sealed=sealed, code=code)
    assert done.status_code == 200, done.text
    return key, re.findall(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code>", done.text)


def test_a13_an_owner_does_nothing_before_the_second_factor_is_set_up(strict, database, house, clock):
    browser = Browser(strict)
    email = employ(database, house.organization_id, "owner")
    browser.sign_in(email)
    for path in ("/overview", "/people", "/lookup", "/account", "/venues/teremok", "/journal.csv", "/sessions"):
        assert browser.get("/dashboard" + path).location == "/dashboard/second-factor", path
    token = browser.token("/dashboard/second-factor")
    assert browser.send("/dashboard/venues/teremok/close", csrf_token=token).location == "/dashboard/second-factor"
    assert browser.send("/dashboard/people", csrf_token=token, email="x@y.example").location == "/dashboard/second-factor"
    set_up(browser, clock)
    assert browser.get("/dashboard/overview").status_code == 200


def test_a_marketer_is_not_asked_for_it_and_the_demo_asks_nobody(strict, app, database, house):
    marketer = Browser(strict)
    marketer.sign_in(employ(database, house.organization_id, "marketer"))
    assert marketer.get("/dashboard/overview").status_code == 200
    owner = Browser(app)
    owner.sign_in(employ(database, house.organization_id, "owner"))
    assert owner.get("/dashboard/overview").status_code == 200


def test_with_a_second_factor_the_password_alone_opens_nothing(app, owner, database, clock):
    key, codes = set_up(owner, clock)
    clock.now += timedelta(minutes=1)
    browser = Browser(app)
    assert browser.sign_in("owner@teremok.example").location == "/dashboard/sign-in/code"
    assert browser.get("/dashboard/overview").location == "/dashboard/sign-in"
    assert browser.post("/dashboard/sign-in/code", code="000000").status_code == 422
    right = pyotp.TOTP(key).at(clock.now)
    assert browser.post("/dashboard/sign-in/code", code=right).location == "/dashboard/overview"
    assert browser.get("/dashboard/overview").status_code == 200
    other = Browser(app)
    other.sign_in("owner@teremok.example")
    assert other.post("/dashboard/sign-in/code", code=right).status_code == 422, "a code is good once"
    assert other.post("/dashboard/sign-in/code", code=codes[0]).status_code == 303
    assert ("second_factor.recovery", "owner@teremok.example") in lines(database)


def test_a13_codes_are_not_guessed_and_half_a_sign_in_ends(app, owner, clock):
    set_up(owner, clock)
    clock.now += timedelta(minutes=1)
    guesser = Browser(app)
    guesser.sign_in("owner@teremok.example")
    answers = [guesser.post("/dashboard/sign-in/code", code=f"00000{i}").status_code for i in range(6)]
    assert answers == [422] * 5 + [429]
    slow = Browser(app)
    slow.sign_in("owner@teremok.example")
    clock.now += timedelta(minutes=11)
    assert slow.get("/dashboard/sign-in/code").location == "/dashboard/sign-in"
    assert Browser(app).get("/dashboard/sign-in/code").location == "/dashboard/sign-in"


def test_a13_whose_login_is_guessed_at_hears_of_it_once_a_day(app, owner, settings, database, house, clock):
    employ(database, house.organization_id, "marketer")
    for i in range(8):
        Browser(app, f"198.51.100.{i}").sign_in("owner@teremok.example", "not it at all")
        Browser(app, "203.0.113.200").sign_in(f"nobody{i}@teremok.example", "not it at all")
    Browser(app, "203.0.113.200").sign_in("marketer@teremok.example", "not it at all")
    with database.reading() as session:
        letters_written = session.scalars(select(MailMessage)).all()
    user = person(database, "owner@teremok.example")
    assert [(letter.kind, letter.staff_user_id) for letter in letters_written] == [("guessed", user.id)]
    assert letters(settings, database, clock)[0].endswith("/dashboard/sessions")
    clock.now += timedelta(minutes=16)
    set_up(owner, clock)
    clock.now += timedelta(minutes=1)
    knows_the_password = Browser(app)
    knows_the_password.sign_in("owner@teremok.example")
    for _ in range(7):
        knows_the_password.post("/dashboard/sign-in/code", code="000000")
    with database.reading() as session:
        assert [letter.facts["what"] for letter in session.scalars(select(MailMessage).order_by(MailMessage.id))] == [
            "password",
            "code",
        ]


def test_a_changed_password_ends_a_sign_in_that_waits_for_its_code(app, owner, clock):
    key, _codes = set_up(owner, clock)
    clock.now += timedelta(minutes=1)
    waiting = Browser(app)
    waiting.sign_in("owner@teremok.example")
    token = waiting.token("/dashboard/sign-in/code")
    changed = owner.post("/dashboard/account/password", form_at="/dashboard/account", current=PASSWORD, password=GOOD)
    assert changed.status_code == 303
    code = pyotp.TOTP(key).at(clock.now)
    assert waiting.send("/dashboard/sign-in/code", csrf_token=token, code=code).location == "/dashboard/sign-in"


def test_a_secret_sealed_for_somebody_else_is_not_taken(app, owner, database, house, clock):
    employ(database, house.organization_id, "marketer")
    other = Browser(app)
    other.sign_in("marketer@teremok.example")
    page = other.get("/dashboard/second-factor").text
    sealed = re.search(r'name="sealed"[^>]* value="([^"]+)"', page)[1]
    assert owner.post("/dashboard/second-factor", sealed=sealed, code="123456").location == "/dashboard/second-factor"
    assert not second_factor.is_on(person(database, "owner@teremok.example"))


def test_it_is_switched_off_by_both_factors_alone(owner, database, clock):
    key, _codes = set_up(owner, clock)
    clock.now += timedelta(minutes=1)
    off = "/dashboard/second-factor/off"
    code = pyotp.TOTP(key).at(clock.now)
    assert owner.post(off, form_at="/dashboard/second-factor", password="not it at all", code=code).status_code == 422
    assert owner.post(off, form_at="/dashboard/second-factor", password=PASSWORD, code="000000").status_code == 422
    assert second_factor.is_on(person(database, "owner@teremok.example"))
    assert owner.post(off, form_at="/dashboard/second-factor", password=PASSWORD, code=code).status_code == 303
    assert not second_factor.is_on(person(database, "owner@teremok.example"))


def test_a_link_for_a_new_password_does_not_get_around_it(app, owner, settings, database, clock):
    set_up(owner, clock)
    Browser(app).post("/dashboard/forgot", email="owner@teremok.example")
    (link,) = letters(settings, database, clock)
    thief = Browser(app)
    assert thief.post(path_of(link), password=GOOD).location == "/dashboard/sign-in"
    assert thief.sign_in("owner@teremok.example", GOOD).location == "/dashboard/sign-in/code"
    assert thief.get("/dashboard/overview").location == "/dashboard/sign-in"


def test_an_owner_takes_it_off_a_colleague_and_signs_them_out(app, owner, database, house, clock):
    email = employ(database, house.organization_id, "marketer")
    colleague = Browser(app)
    colleague.sign_in(email)
    set_up(colleague, clock)
    at = f"/dashboard/people/{person(database, email).id}"
    owner.post(f"{at}/second-factor", form_at=at)
    assert colleague.get("/dashboard/overview").location == "/dashboard/sign-in"
    assert colleague.sign_in(email).location == "/dashboard/overview"
    assert ("person.second_factor", email) in lines(database)


def test_other_browsers_are_signed_out_all_at_once_or_by_an_owner(app, owner, database, house):
    email = employ(database, house.organization_id, "marketer")
    phone, desk, tablet = (Browser(app) for _ in range(3))
    for browser in (phone, desk, tablet):
        browser.sign_in(email)
    desk.post("/dashboard/sessions/revoke-others", form_at="/dashboard/sessions")
    assert phone.get("/dashboard/overview").location == tablet.get("/dashboard/overview").location == "/dashboard/sign-in"
    assert desk.get("/dashboard/overview").status_code == 200
    with database.reading() as session:
        number = session.scalar(select(StaffUser.id).where(StaffUser.email == email))
        of_desk = session.scalar(select(StaffSession.id).where(StaffSession.staff_user_id == number))
    at = f"/dashboard/people/{number}"
    assert owner.post(f"{at}/sessions/{of_desk}/revoke", form_at=at).status_code == 303
    assert desk.get("/dashboard/overview").location == "/dashboard/sign-in"


def test_the_account_is_ones_own(owner, app, database, house):
    saved = owner.post("/dashboard/account", name="Анна А.", language="en", weekly_report="y", role="staff", email="x@y.example")
    assert saved.status_code == 303
    user = person(database, "owner@teremok.example")
    assert (user.name, user.language, user.weekly_report, user.alerts, user.role) == ("Анна А.", "en", True, False, "owner")
    assert 'lang="en"' in owner.get("/dashboard/account").text
    elsewhere = Browser(app)
    elsewhere.sign_in("owner@teremok.example")
    form = "/dashboard/account"
    for current, fresh in (("not it at all", GOOD), (PASSWORD, "qwertyuiop"), (PASSWORD, "")):
        assert owner.post("/dashboard/account/password", form_at=form, current=current, password=fresh).status_code == 422
    assert owner.post("/dashboard/account/password", form_at=form, current=PASSWORD, password=GOOD).status_code == 303
    assert elsewhere.get("/dashboard/overview").location == "/dashboard/sign-in"
    assert owner.get("/dashboard/overview").status_code == 200


def test_the_current_password_is_not_guessed_from_a_browser_left_open(owner):
    for _ in range(5):
        owner.post("/dashboard/account/password", form_at="/dashboard/account", current="not it", password=GOOD)
    answer = owner.post("/dashboard/account/password", form_at="/dashboard/account", current=PASSWORD, password=GOOD)
    assert answer.status_code == 429


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
    assert lines(database)[-1] == ("journal.export", "6")


def test_every_word_that_is_written_into_the_journal_has_words_for_people():
    import ast
    from pathlib import Path

    from portal.web.dashboard.words import ACTIONS

    calls = [
        node
        for path in Path("portal").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "journal.write" and len(node.args) > 2
    ]
    written = {call.args[2].value for call in calls if isinstance(call.args[2], ast.Constant)}
    assert len(written) > 30
    assert {action for action in written if action not in ACTIONS} == set()


def test_the_way_out_of_a_weekly_letter_works_without_signing_in_and_by_nothing_else(app, settings, database, house, clock):
    from portal.staff import preferences

    employ(database, house.organization_id, "owner")
    user = person(database, "owner@teremok.example")
    token = preferences.stop_token(settings.keys, user, "weekly", clock.now)
    stranger = Browser(app)
    assert stranger.get(f"/callbacks/mail/stop/{token}").location == "/dashboard/account"
    assert person(database, "owner@teremok.example").weekly_report, "scanners of mail open links"
    assert stranger.send("/callbacks/mail/stop/x" + token[1:]).status_code == 200
    assert person(database, "owner@teremok.example").weekly_report
    pressed = stranger.client.post(f"/callbacks/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    now = person(database, "owner@teremok.example")
    assert (now.weekly_report, now.alerts) == (False, True)


def test_no_secret_of_a_login_stands_in_a_log_or_a_journal(app, owner, settings, database, house, clock, caplog):
    caplog.set_level("DEBUG")
    owner.post("/dashboard/people", email="b@teremok.example", name="Борис", role="staff")
    (link,) = letters(settings, database, clock)
    key, codes = set_up(owner, clock)
    Browser(app).post(path_of(link), name="Борис", password=GOOD)
    token = link.rpartition("/")[2]
    said = caplog.text + str(lines(database))
    for secret in (token, token[22:], key, codes[0], codes[0].replace("-", ""), GOOD, PASSWORD):
        assert secret not in said


ORGANIZATIONS = ("/people", "/webhooks", "/api", "/journal")


def test_an_owner_of_some_venues_has_no_part_in_what_is_the_whole_organizations(app, database, house):
    """Else an owner of one café could close the owner of all of them, or read the secret that signs for all."""
    employ(database, house.organization_id, "owner", "boss@teremok.example")
    limited = Browser(app)
    limited.sign_in(employ(database, house.organization_id, "owner", "part@teremok.example", venue_ids=(house.venue_id,)))
    boss = person(database, "boss@teremok.example")
    token = limited.token("/dashboard/account")
    home = limited.get("/dashboard/account").text
    for path in ORGANIZATIONS:
        assert limited.get("/dashboard" + path).status_code == 403, path
        assert f'href="/dashboard{path}"' not in home
    for path in (
        f"/people/{boss.id}/close",
        f"/people/{boss.id}/second-factor",
        f"/people/{boss.id}",
        "/people",
        "/webhooks",
        "/api",
    ):
        assert limited.send("/dashboard" + path, csrf_token=token).status_code == 403, path
    assert person(database, "boss@teremok.example").active
    assert limited.get(f"/dashboard/venues/{house.venue_code}").status_code == 200
