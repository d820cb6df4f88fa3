"""An application with a clock of its own, and its owner at a browser."""

import pytest

from tests.conftest import make_settings
from tests.support.dashboard import Browser, dashboard_app, employ
from tests.support.logins import Clock


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
