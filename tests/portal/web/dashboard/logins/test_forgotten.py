"""A forgotten password, and what a guesser learns."""

import re
from datetime import timedelta

from sqlalchemy import Engine, event, select

from portal.mail.models import MailMessage
from portal.staff.models import StaffResetRequest
from tests.support.dashboard import PASSWORD, Browser, employ
from tests.support.journal import lines_of
from tests.support.logins import GOOD, letters, path_of, person, set_up


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


def test_no_secret_of_a_login_stands_in_a_log_or_a_journal(app, owner, settings, database, house, clock, caplog):
    caplog.set_level("DEBUG")
    owner.post("/dashboard/people", email="b@teremok.example", name="Борис", role="staff")
    (link,) = letters(settings, database, clock)
    key, codes = set_up(owner, clock)
    Browser(app).post(path_of(link), name="Борис", password=GOOD)
    token = link.rpartition("/")[2]
    said = caplog.text + str(lines_of(database))
    for secret in (token, token[22:], key, codes[0], codes[0].replace("-", ""), GOOD, PASSWORD):
        assert secret not in said
