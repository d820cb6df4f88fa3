"""One's own account: name, letters, password, browsers."""

from sqlalchemy import select

from portal.staff import preferences
from portal.staff.models import StaffSession, StaffUser
from tests.support.dashboard import PASSWORD, Browser, employ
from tests.support.forged import forged
from tests.support.logins import GOOD, person


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


def test_the_way_out_of_a_weekly_letter_works_without_signing_in_and_by_nothing_else(app, settings, database, house, clock):

    employ(database, house.organization_id, "owner")
    user = person(database, "owner@teremok.example")
    token = preferences.stop_token(settings.keys, user, "weekly", clock.now)
    stranger = Browser(app)
    assert stranger.get(f"/callbacks/mail/stop/{token}").location == "/dashboard/account"
    assert person(database, "owner@teremok.example").weekly_report, "scanners of mail open links"
    assert stranger.send("/callbacks/mail/stop/" + forged(token)).status_code == 200
    assert person(database, "owner@teremok.example").weekly_report
    pressed = stranger.client.post(f"/callbacks/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    now = person(database, "owner@teremok.example")
    assert (now.weekly_report, now.alerts) == (False, True)
