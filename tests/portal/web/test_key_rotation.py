"""A40, A41, A44: keys that change without anybody noticing, people who leave, and switches that must be off."""

import re

import pytest

from portal.app import create_app
from portal.core.config import BadSettings, Settings, load_settings
from portal.core.db import Database
from portal.staff import accounts
from tests.conftest import make_settings
from tests.support.canary import SECRETS
from tests.support.dashboard import PASSWORD, Browser, dashboard_app, employ
from tests.support.house import NOW, House
from tests.support.signups import World, leave_phone, scan, type_code

NEW_KEY = "tests-only-the-new-key-zyxwvutsrq-0123456789"


def rotated(settings: Settings, *fallbacks: str) -> Settings:
    """The same house under a new SECRET_KEY."""
    url = settings.database_url
    return make_settings(settings.data_dir, database_url=url, secret_key=NEW_KEY, secret_key_fallbacks=",".join(fallbacks))


def moved(world: World, *fallbacks: str) -> None:
    """Restart the portal under the new key."""
    world.app = create_app(rotated(world.settings, *fallbacks), world.database, world.delivered.append, lambda: world.now)


def test_a44_a_guest_between_phone_and_code_does_not_notice_a_new_key(world: World) -> None:
    page = scan(world.client(), world.house.source_code)
    form = leave_phone(world.client(), page)
    code = world.code()
    moved(world, SECRETS["secret_key"])
    assert leave_phone(world.client(), page).status_code == 303, "the form that was open"
    assert world.client().get(form.location).status_code == 200
    done = type_code(world.client(), form.location, code)
    assert done.status_code == 303 and world.client().get(done.location).status_code == 200


def test_a44_without_the_old_key_old_tokens_and_codes_end(world: World) -> None:
    page = scan(world.client(), world.house.source_code)
    form = leave_phone(world.client(), page)
    moved(world)
    assert leave_phone(world.client(), page).status_code == 400
    assert type_code(world.client(), form.location, world.code()).status_code == 400


def test_a44_new_tokens_are_made_with_the_new_key_alone(world: World) -> None:
    moved(world, SECRETS["secret_key"])
    form = leave_phone(world.client(), scan(world.client(), world.house.source_code))
    moved(world)
    assert world.client().get(form.location).status_code == 200


@pytest.fixture
def signed_in(settings: Settings, database: Database, house: House) -> Browser:
    browser = Browser(dashboard_app(settings, database))
    assert browser.sign_in(employ(database, house.organization_id, "owner")).status_code == 303
    return browser


def carried(browser: Browser, settings: Settings, database: Database) -> Browser:
    """The same browser at the portal under other settings."""
    other = Browser(dashboard_app(settings, database))
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    other.client.set_cookie("session", cookie.value)
    return other


def test_a44_staff_stay_signed_in_and_their_open_forms_still_send(
    signed_in: Browser, settings: Settings, database: Database
) -> None:
    token = signed_in.token("/dashboard/lookup")
    after = carried(signed_in, rotated(settings, SECRETS["secret_key"]), database)
    assert after.get("/dashboard/overview").status_code == 200
    assert after.send("/dashboard/lookup", csrf_token=token, phone="8 905 111-22-33").status_code == 200
    without = carried(signed_in, rotated(settings), database)
    assert without.get("/dashboard/overview").status_code == 303


def test_a44_who_has_left_cannot_return(signed_in: Browser, settings: Settings, database: Database) -> None:
    with database.writing() as session:
        user = accounts.by_email(session, "owner@teremok.example")
        assert user is not None
        accounts.deactivate(session, user, NOW)
    assert signed_in.get("/dashboard/overview").status_code == 303
    back = Browser(dashboard_app(settings, database))
    assert back.sign_in("owner@teremok.example", PASSWORD).status_code == 422
    assert carried(signed_in, rotated(settings, SECRETS["secret_key"]), database).get("/dashboard/overview").status_code == 303


def test_a44_a_key_that_is_no_fallback_any_more_signs_no_session(
    signed_in: Browser, settings: Settings, database: Database
) -> None:
    """A leaked old key: once it is off the list, cookies made with it open nothing."""
    stolen = carried(signed_in, rotated(settings, SECRETS["secret_key"]), database)
    assert stolen.get("/dashboard/overview").status_code == 200
    assert re.search("/dashboard/sign-in", carried(signed_in, rotated(settings), database).get("/dashboard/overview").location)


@pytest.mark.parametrize("name", ["SECRET_KEY", "IDENTITY_KEY", "RADIUS_HOOK_SECRET", "METRICS_TOKEN"])
@pytest.mark.parametrize("sample", ["", "change-me", "secret", "dev", "a" * 40, "testing123", "ab" * 20])
def test_a40_outside_the_demo_no_sample_key_starts(monkeypatch: pytest.MonkeyPatch, tmp_path, name: str, sample: str) -> None:
    monkeypatch.chdir(tmp_path)
    real = {key.upper(): value for key, value in SECRETS.items()}
    for key, value in {**real, "PUBLIC_URL": "https://wifi.example.ru", "DATA_DIR": str(tmp_path), name: sample}.items():
        monkeypatch.setenv(f"VESTIBULE_{key}", value)
    with pytest.raises(BadSettings, match=f"VESTIBULE_{name}"):
        load_settings()


@pytest.mark.parametrize("value", ["1", "true"])
@pytest.mark.parametrize("name", ["FLASK_DEBUG", "FLASK_TESTING", "DEBUG"])
def test_a41_no_switch_of_the_environment_turns_debugging_on(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, database: Database, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    app = create_app(settings, database, lambda _: None)
    assert not app.debug and not app.testing
    app.add_url_rule("/healthz/fails", view_func=lambda: 1 / 0)
    answer = app.test_client().get("/healthz/fails")
    assert answer.status_code == 500
    assert "ZeroDivisionError" not in answer.text and "Traceback" not in answer.text
    assert app.test_client().get("/console").status_code == 404
