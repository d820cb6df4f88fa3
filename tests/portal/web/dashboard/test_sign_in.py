"""Signing in, CSRF, session fixation, roles."""

import re

import pytest
from sqlalchemy import select

from portal.staff.models import StaffSession
from portal.web.dashboard.guards import opened_to
from tests.support.dashboard import PASSWORD, Browser, dashboard_app, employ


@pytest.fixture
def app(settings, database, house):
    return dashboard_app(settings, database)


def test_an_owner_signs_in_and_lands_on_the_conversion(app, database, house):
    browser = Browser(app)
    answer = browser.sign_in(employ(database, house.organization_id, "owner"))
    assert answer.status_code == 303
    assert browser.get("/dashboard/").location == "/dashboard/overview"
    assert browser.get("/dashboard/overview").status_code == 200


def test_after_signing_in_the_page_that_was_asked_for_opens(app, database, house):
    browser = Browser(app)
    assert browser.get("/dashboard/sources?venue=teremok").location == "/dashboard/sign-in"
    assert browser.sign_in(employ(database, house.organization_id, "owner")).location == "/dashboard/sources?venue=teremok"


def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(app, database, house):
    email = employ(database, house.organization_id, "owner")

    def words(answer):
        return re.sub(r'value="[^"]*"', "", answer.text)

    known, unknown = Browser(app).sign_in(email, "not it at all"), Browser(app).sign_in("nobody@teremok.example", "not it at all")
    assert known.status_code == unknown.status_code == 422
    assert words(known) == words(unknown)


def test_the_sixth_try_is_refused_even_with_the_right_password(app, database, house):
    email = employ(database, house.organization_id, "owner")
    for i in range(5):
        assert Browser(app, f"198.51.100.{i}").sign_in(email, "not it at all").status_code == 422
    assert Browser(app, "198.51.100.77").sign_in(email).status_code == 429


def test_an_address_that_guessed_five_times_is_refused_for_every_login(app, database, house):
    email = employ(database, house.organization_id, "owner")
    for i in range(5):
        assert Browser(app).sign_in(f"guess{i}@teremok.example", "not it at all").status_code == 422
    assert Browser(app).sign_in(email).status_code == 429


def test_signing_in_gives_a_new_id_and_keeps_nothing_of_the_cookie_from_before(app, database, house):
    email = employ(database, house.organization_id, "owner")
    attacker = Browser(app)
    attacker.get("/dashboard/sign-in")
    planted = attacker.client.get_cookie("session").value
    victim = Browser(app)
    victim.client.set_cookie("session", planted)
    victim.sign_in(email)
    assert victim.client.get_cookie("session").value != planted
    assert victim.get("/dashboard/overview").status_code == 200
    assert attacker.get("/dashboard/overview").location == "/dashboard/sign-in"
    with victim.client.session_transaction("/dashboard/") as cookie:
        first = cookie["_user_id"]
    victim.post("/dashboard/sign-out", form_at="/dashboard/overview")
    victim.sign_in(email)
    with victim.client.session_transaction("/dashboard/") as cookie:
        assert cookie["_user_id"] != first


def test_signing_out_ends_the_session_on_the_server(app, database, house):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    stolen = browser.client.get_cookie("session").value
    browser.post("/dashboard/sign-out", form_at="/dashboard/overview")
    thief = Browser(app)
    thief.client.set_cookie("session", stolen)
    assert thief.get("/dashboard/overview").location == "/dashboard/sign-in"


def test_one_browser_is_signed_out_from_another(app, database, house):
    email = employ(database, house.organization_id, "owner")
    phone, desk = Browser(app), Browser(app)
    phone.sign_in(email)
    desk.sign_in(email)
    with database.reading() as session:
        of_phone = session.scalar(select(StaffSession.id).order_by(StaffSession.id))
    assert desk.post(f"/dashboard/sessions/{of_phone}/revoke", form_at="/dashboard/sessions").status_code == 303
    assert phone.get("/dashboard/overview").location == "/dashboard/sign-in"
    assert desk.get("/dashboard/overview").status_code == 200


def test_another_persons_session_answers_as_one_that_does_not_exist(app, database, house):
    anna, boris = Browser(app), Browser(app)
    anna.sign_in(employ(database, house.organization_id, "owner"))
    boris.sign_in(employ(database, house.organization_id, "marketer"))
    with database.reading() as session:
        of_anna = session.scalar(select(StaffSession.id).order_by(StaffSession.id))
    theirs = boris.post(f"/dashboard/sessions/{of_anna}/revoke", form_at="/dashboard/sessions")
    nobodys = boris.post("/dashboard/sessions/999999/revoke", form_at="/dashboard/sessions")
    assert theirs.status_code == nobodys.status_code == 404
    assert re.sub(r'value="[^"]*"|/sessions/\d+', "", theirs.text) == re.sub(r'value="[^"]*"|/sessions/\d+', "", nobodys.text)
    assert anna.get("/dashboard/overview").status_code == 200


def posts(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dashboard.") and "POST" in rule.methods]


def test_every_form_of_the_dashboard_is_refused_without_its_token(app, database, house):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    values = {"code": "teremok", "path": "qr", "kind": "wifi_terms", "language": "ru"}
    assert len(posts(app)) > 15
    for rule in posts(app):
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **{name: values.get(name, 1) for name in rule.arguments})
        assert browser.send(address).status_code == 400, rule.rule
        assert browser.send(address, csrf_token="IjEyMyI.made.up").status_code == 400, rule.rule


def test_a_token_of_another_browser_does_not_fit(app, database, house):
    email = employ(database, house.organization_id, "owner")
    other, browser = Browser(app), Browser(app)
    browser.sign_in(email)
    answer = browser.send("/dashboard/venues/teremok/wifi", csrf_token=other.token("/dashboard/sign-in"), session_minutes="60")
    assert answer.status_code == 400


ROLE_OF = {
    "marketer": "overview funnel times live live_part compare add_note remove_note export "
    "sources new_source create_source edit_source save_source retire_source "
    "reactivate_source sheets take_sheet sheet_picture save_line venue_sheets take_venue_sheets new_batch create_batch money "
    "source_costs add_cost remove_cost source_life pause_source resume_source part_source point_home point_source merge_source",
    "staff": "home sign_out sessions revoke_session vouchers make_voucher lookup look_up look_up_number "
    "blocks add_block end_block online disconnect account save_account change_password second_factor turn_on_factor renew_codes "
    "turn_off_factor revoke_other_sessions",
    "anyone": "sign_in sign_in_send sign_in_code sign_in_code_send forgot forgot_send welcome welcome_send",
}


def test_what_is_not_listed_for_a_lower_role_is_the_owners(app):
    for endpoint in app.view_functions:
        room, _dot, name = endpoint.rpartition(".")
        if room == "dashboard":
            expected = next((role for role, names in ROLE_OF.items() if name in names.split()), "owner")
            assert opened_to(app, endpoint) == expected, endpoint


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        ("staff", ["/lookup", "/vouchers", "/sessions"], ["/overview", "/sources", "/compare", "/venues/teremok", "/journal"]),
        (
            "marketer",
            ["/lookup", "/overview", "/sources"],
            ["/venues/teremok", "/venues/teremok/sms", "/venues/teremok/documents", "/journal"],
        ),
        ("owner", ["/lookup", "/overview", "/venues/teremok", "/venues/teremok/sms", "/journal"], []),
    ],
)
def test_a_role_opens_its_pages_and_no_others(app, database, house, role, allowed, refused):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, role))
    assert [browser.get("/dashboard" + path).status_code for path in allowed] == [200] * len(allowed)
    assert [browser.get("/dashboard" + path).status_code for path in refused] == [403] * len(refused)


def test_a_marketer_cannot_send_an_owners_form(app, database, house):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "marketer"))
    answer = browser.post("/dashboard/venues/teremok/close", form_at="/dashboard/sources/teremo-7/edit")
    assert answer.status_code == 403


def test_the_password_is_never_in_the_answer(app, database, house):
    assert PASSWORD not in Browser(app).sign_in("nobody@teremok.example").text
