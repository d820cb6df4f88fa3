"""The second factor: owed, set up, typed, switched off, lost."""

import re
from datetime import timedelta

import pyotp

from portal.staff import second_factor
from tests.support.dashboard import PASSWORD, Browser, employ
from tests.support.journal import lines_of
from tests.support.logins import GOOD, letters, path_of, person, set_up


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


def test_a13_whoever_finds_a_browser_left_open_does_not_lock_its_owner_out(app, owner, database, clock):
    page = owner.get("/dashboard/second-factor").text
    key = re.sub(r"<[^>]+>|\s", "", re.search(r'<code class="key">(.*?)</code>', page, re.DOTALL)[1])
    token, sealed = (re.search(rf'name="{name}"[^>]* value="([^"]+)"', page)[1] for name in ("csrf_token", "sealed"))
    code, at = pyotp.TOTP(key).at(clock.now), "/dashboard/second-factor"
    guessed = [owner.send(at, csrf_token=token, sealed=sealed, code=code, password="not it").status_code for _ in range(6)]
    assert guessed == [422] * 5 + [429]
    assert owner.send(at, csrf_token=token, sealed=sealed, code=code).status_code == 422
    assert not second_factor.is_on(person(database, "owner@teremok.example"))


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
    assert ("second_factor.recovery", "owner@teremok.example") in lines_of(database)


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
    assert ("person.second_factor", email) in lines_of(database)
