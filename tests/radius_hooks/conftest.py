"""The hooks as FreeRADIUS sees them."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from portal.access.models import AccessGrant
from portal.core.config import Settings
from portal.core.db import Database
from radius_hooks.app import create_app
from tests.conftest import skip_or_fail
from tests.support.access import make_grant, make_visit
from tests.support.house import House
from tests.support.radius import PrivateRadius, missing, serve_hooks
from tests.support.spooled import Accounting


@pytest.fixture
def hooks(settings: Settings, database: Database, house: House, now: datetime) -> FlaskClient:
    """A client that knows the secret."""
    client = create_app(settings, database, lambda: now).test_client()
    client.environ_base["HTTP_X_VESTIBULE_SECRET"] = settings.radius_hook_secret.get_secret_value()
    return client


@pytest.fixture
def accounting(settings: Settings, database: Database, house: House) -> Accounting:
    """What the café's router reports, on its way through the spool."""
    return Accounting(settings.accounting_spool, database, house.nas_name)


@pytest.fixture
def grant(database: Database, house: House, now: datetime) -> AccessGrant:
    """A verified visit's grant for PHONE_MAC."""
    with database.writing() as session:
        visit = make_visit(session, house, now, verified=True)
        return make_grant(session, house, now, visit_id=visit)


class Moment:
    """A clock that a test can move."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Moment:
    """The hooks' clock."""
    return Moment(now)


@pytest.fixture
def radius(settings: Settings, database: Database, house: House, clock: Moment) -> Iterator[PrivateRadius]:
    """A real FreeRADIUS in front of the hooks."""
    reason = missing()
    if reason:
        skip_or_fail(reason)
    with serve_hooks(settings, database, clock) as url:
        server = PrivateRadius(settings, database, url)
        yield server
        server.stop()
