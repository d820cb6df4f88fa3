"""Venue → Wi-Fi → Gateways: owners alone, secrets only on request and noted, refusals beside their field."""

import re

import pytest

from portal.staff import accounts, journal
from portal.venues import gateways, signs
from portal.venues.directory import gateways_of
from tests.support.access import make_grant, make_visit
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.house import NOW


@pytest.fixture
def app(settings, database, house):
    return dashboard_app(settings, database)


@pytest.fixture
def owner(app, database, house):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser


HERE = "/dashboard/venues/teremok/gateways"


def newest(database, house):
    with database.reading() as session:
        one = gateways_of(session, house.venue_id)[-1]
        return one, gateways.nas_of(session, one.id)


def actions(database, house):
    with database.reading() as session:
        return [(line.action, line.subject) for line in journal.latest(session, house.organization_id)]


def add(owner, kind="mikrotik", **values):
    given = {"base_url": "http://wifi.cafe.example", "nas_address": "203.0.113.7", **values}
    return owner.post(f"{HERE}/new/{kind}", **given)


def test_a_gateway_is_added_and_its_secrets_are_shown_on_request_and_noted(owner, database, house):
    answer = add(owner)
    one, nas = newest(database, house)
    assert answer.location == f"{HERE}/{one.key}"
    secrets = (one.secret, one.script_key, nas.secret)
    page = owner.get(answer.location).text
    assert nas.name in page and not [secret for secret in secrets if secret in page]
    assert actions(database, house) == [("gateway.add", "teremok mikrotik")]
    shown = owner.post(f"{answer.location}/paste", form_at=answer.location)
    assert nas.secret in shown.text and "<pre" in shown.text and shown.headers["Cache-Control"] == "no-store"
    assert actions(database, house)[0] == ("gateway.secrets", f"teremok mikrotik {one.id}")
    assert owner.get(f"{answer.location}/paste").status_code in (404, 405)


@pytest.mark.parametrize("role", ["marketer", "staff"])
def test_nobody_but_an_owner_sees_gateways(app, database, house, role):
    browser = Browser(app)
    browser.sign_in(employ(database, house.organization_id, role))
    one, _nas = newest(database, house)
    for path in ("", "/new/mikrotik", f"/{one.key}", f"/{one.key}/edit"):
        assert browser.get(HERE + path).status_code == 403, path
    for path in ("/new/mikrotik", f"/{one.key}/paste", f"/{one.key}/edit", f"/{one.key}/rotate", f"/{one.key}/remove"):
        assert browser.post(HERE + path, form_at="/dashboard/lookup").status_code == 403, path


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"base_url": ""}, "Type the address"), ({"base_url": "http://a.example/login"}, "nothing after it"),
        ({"base_url": "http://user:pw@a.example"}, "nothing after it"), ({"base_url": "javascript:alert(1)"}, "nothing after it"),
        ({"nas_address": "everywhere"}, "one address or a network"), ({"nas_address": "0.0.0.0/0"}, "one address or a network"),
        ({"base_url": "ftp://wifi.cafe.example"}, "nothing after it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_made(owner, database, house, values, said):
    owner.get("/dashboard/overview?lang=en")
    answer = add(owner, **values)
    assert answer.status_code == 422 and said in answer.text
    [name] = values
    assert re.search(rf'id="{name}"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="{name}"', answer.text)
    assert newest(database, house)[0].id == house.gateway_id and actions(database, house) == []


def test_level_1_of_opennds_is_explained_and_needs_the_box(owner, database, house):
    owner.get("/dashboard/overview?lang=en")
    values = {"base_url": "http://192.168.1.1:2050", "option_level": "1"}
    refused = owner.post(f"{HERE}/new/opennds", **values)
    assert refused.status_code == 422 and "tick that you accept it" in refused.text
    assert "a skilled guest opens the internet without a phone number" in refused.text.replace("\n", " ")
    added = owner.post(f"{HERE}/new/opennds", **values, option_allow_bypass="y")
    assert added.status_code == 303
    assert "skilled guest" in owner.get(added.location).text
    assert newest(database, house)[0].options["allow_bypass"] is True


def test_a_password_that_the_owner_typed_is_never_shown_and_stays_when_left_empty(owner, database, house):
    console = {"base_url": "https://unifi.example.ru:8443", "option_user": "vestibule", "option_secret": "s3cret-of-the-console"}
    added = owner.post(f"{HERE}/new/unifi", **console)
    assert added.status_code == 303, added.text
    one, _nas = newest(database, house)
    assert one.secret == "s3cret-of-the-console" and "secret" not in one.options
    form = owner.get(f"{added.location}/edit")
    assert "s3cret" not in form.text and "s3cret" not in owner.get(added.location).text
    saved = owner.post(f"{added.location}/edit", **{**console, "option_secret": "", "option_user": "portal"})
    assert saved.status_code == 303
    one, _nas = newest(database, house)
    assert (one.secret, one.options["user"]) == ("s3cret-of-the-console", "portal")


def test_settings_are_changed_and_noted(owner, database, house):
    path = add(owner).location
    saved = owner.post(f"{path}/edit", base_url="http://hotspot.cafe.example", nas_address="203.0.113.7", behind_nat="y")
    assert saved.status_code == 303
    one, nas = newest(database, house)
    assert (one.base_url, nas.address) == ("http://hotspot.cafe.example", "203.0.113.7")
    assert (nas.coa_address, nas.short_lease_seconds) == ("", 900)
    owner.post(f"{path}/edit", base_url="http://hotspot.cafe.example", nas_address="")
    assert (newest(database, house)[1].port, newest(database, house)[1].coa_address) == (21812, None)
    owner.post(f"{path}/edit", base_url="http://hotspot.cafe.example", nas_address="")
    assert newest(database, house)[1].port == 21812  # saved as it is, its ports stay
    assert [action for action, _subject in actions(database, house)] == ["gateway.edit"] * 3 + ["gateway.add"]


def test_new_secrets_and_removal_are_noted(owner, database, house):
    path = add(owner).location
    before, _nas = newest(database, house)
    path = owner.post(f"{path}/rotate", form_at=path).location
    after, _nas = newest(database, house)
    assert before.key not in path and after.key in path and before.secret != after.secret
    assert owner.post(f"{path}/remove", form_at=path).location == HERE
    assert newest(database, house)[0].id == house.gateway_id
    assert [action for action, _subject in actions(database, house)] == ["gateway.remove", "gateway.rotate", "gateway.add"]


def test_after_new_secrets_radius_is_named_where_it_stands_between(owner):
    owner.get("/dashboard/overview?lang=en")
    console = {"base_url": "https://unifi.example.ru:8443", "option_user": "vestibule", "option_secret": "s3cret-of-the-console"}
    for added, over_radius in ((add(owner), True), (owner.post(f"{HERE}/new/unifi", **console), False)):
        said = owner.get(owner.post(f"{added.location}/rotate", form_at=added.location).location).text
        assert "The secrets are new." in said
        assert ("RADIUS needs the new secret as well" in said) is over_radius


def test_a_gateway_that_the_register_names_stays(owner, database, house):
    with database.writing() as session:
        make_grant(session, house, NOW, visit_id=make_visit(session, house, NOW, verified=True))
    one, _nas = newest(database, house)
    assert owner.post(f"{HERE}/{one.key}/remove", form_at=f"{HERE}/{one.key}").location == f"{HERE}/{one.key}"
    assert newest(database, house)[0].id == house.gateway_id and actions(database, house) == []


def test_the_check_list_says_when_in_the_venues_zone_and_what_to_do(owner, database, house):
    owner.get("/dashboard/overview?lang=en")
    with database.writing() as session:
        signs.note(session, house.gateway_id, "redirect", NOW)
    page = owner.get(f"{HERE}/{newest(database, house)[0].key}").text
    assert page.count('<li class="seen">') == 1 and page.count('<li class="unseen">') == 4
    assert "Nov 22, 2026, 12:00" in page  # 09:00 UTC in Moscow
    assert "vestibule radius test" in page
    listed = owner.get(HERE).text
    assert "Nov 22, 2026, 12:00" in listed


def test_the_pretend_router_is_offered_in_the_demo_only(app, database, house, owner, tmp_path, settings):
    assert f"{HERE}/new/simulator" in owner.get(HERE).text
    public = settings.model_copy(update={"demo": False, "public_url": "http://localhost"})
    browser = Browser(dashboard_app(public, database))
    browser.sign_in("owner@teremok.example")
    with database.writing() as session:  # outside the demo an owner owes a second factor before all else
        owned = accounts.by_email(session, "owner@teremok.example")
        owned.totp_secret, owned.totp_confirmed_at = "sealed", NOW
    page = browser.get(HERE).text
    assert f"{HERE}/new/mikrotik" in page and f"{HERE}/new/simulator" not in page
    before, given = newest(database, house)[0].id, {"base_url": "http://10.0.0.5:8080", "nas_address": "203.0.113.77"}
    assert browser.get(f"{HERE}/new/simulator").status_code == 404
    assert browser.post(f"{HERE}/new/simulator", form_at=f"{HERE}/new/mikrotik", **given).status_code == 404
    assert newest(database, house)[0].id == before


def test_a_kind_that_does_not_exist_is_not_found(owner):
    assert owner.get(f"{HERE}/new/toaster").status_code == 404
    assert owner.post(f"{HERE}/new/toaster", form_at=HERE + "/new/mikrotik").status_code == 404


def test_another_routers_address_is_refused_beside_its_field(owner, database, house):
    owner.get("/dashboard/overview?lang=en")
    add(owner)
    again = add(owner)
    assert again.status_code == 422 and "ports of its own" in again.text


def test_settings_that_this_portal_cannot_serve_are_said_instead_of_the_pastes(owner, database, house):
    owner.get("/dashboard/overview?lang=en")
    form = {"base_url": "http://192.168.1.1:2050", "option_level": "3", "option_gatewayname": ""}
    path = owner.post(f"{HERE}/new/opennds", **form).location
    answer = owner.post(f"{path}/paste", form_at=path)
    assert answer.status_code == 200 and "VESTIBULE_PUBLIC_URL" in answer.text and "<pre" not in answer.text
    assert [action for action, _subject in actions(database, house)] == ["gateway.add"]  # no secret was shown


def test_a_console_needs_its_own_secret_and_a_stored_one_stays(owner, database, house):
    owner.get("/dashboard/overview?lang=en")
    form = {"base_url": "https://unifi.cafe.example:8443", "option_api": "integration", "option_site": "default"}
    refused = owner.post(f"{HERE}/new/unifi", **form)
    assert refused.status_code == 422 and "Fill this in." in refused.text and newest(database, house)[0].kind != "unifi"
    path = owner.post(f"{HERE}/new/unifi", **form, option_secret="key-of-the-console").location
    assert owner.post(f"{path}/edit", **form, option_secret="").status_code == 303
    assert newest(database, house)[0].secret == "key-of-the-console"
