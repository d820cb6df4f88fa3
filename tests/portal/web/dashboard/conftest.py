"""The owner of the tests' house at a browser."""

import pytest

from tests.support.dashboard import Browser, dashboard_app, employ


@pytest.fixture
def browser(settings, database, house):
    browser = Browser(dashboard_app(settings, database))
    browser.sign_in(employ(database, house.organization_id, "owner"))
    return browser
