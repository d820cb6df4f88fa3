"""People of an organization as their owner meets them."""

import re

import pytest
from sqlalchemy import select

from portal.mail.models import MailMessage
from portal.staff.models import StaffSession
from tests.support.dashboard import Browser, employ
from tests.support.house import build_house
from tests.support.journal import lines_of
from tests.support.logins import GOOD, letters, path_of, person


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
    assert lines_of(database) == [("person.invite", "boris@teremok.example"), ("account.begin", "boris@teremok.example")]


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


@pytest.mark.parametrize("with_key", [True, False])
def test_who_closes_a_login_is_told_of_the_keys_that_work_on(app, owner, database, house, with_key):
    from portal.staff import api_tokens

    email = employ(database, house.organization_id, "owner", "boris@teremok.example")
    colleague = person(database, email)
    if with_key:
        with database.writing() as session:
            api_tokens.create(session, colleague, "till", [], colleague.created_at)
    owner.post(f"/dashboard/people/{colleague.id}/close", form_at="/dashboard/people")
    assert ("Ключи API" in owner.get("/dashboard/people").text) is with_key
    assert ("&lt;boris@teremok.example&gt;" in owner.get("/dashboard/api").text) is with_key


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
    assert [action for action, _subject in lines_of(database)] == [
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
    assert lines_of(database) == []


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
