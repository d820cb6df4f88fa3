"""The document is true: schemathesis asks every operation what it allows and what it does not, with a token and without."""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished
from werkzeug.serving import make_server

from portal.staff import api_tokens
from portal.staff.models import StaffUser
from portal.web.contract.document import document
from portal.web.contract.operations import OPERATIONS, PREFIX
from tests.support.dashboard import dashboard_app, employ
from tests.support.house import NOW
from tests.support.visits import add_visit

S = timedelta(seconds=1)
VENUE = "teremok"
logging.getLogger("werkzeug").setLevel(logging.WARNING)


def config(with_token: str = "") -> SchemathesisConfig:
    """All checks. JSON Schema cannot say that the first day comes before the last, nor which sources a venue has."""
    allowed = ["2xx", "401", "404", "422"]
    said: dict[str, Any] = {
        "checks": {"positive_data_acceptance": {"expected-statuses": allowed}},
        "generation": {"max-examples": 8, "deterministic": True, "database": "none"},
        "parameters": {"path.venue": VENUE},
    }
    if with_token:
        said["headers"] = {"Authorization": f"Bearer {with_token}"}
    return SchemathesisConfig.from_dict(said)


@pytest.fixture
def token(database, house) -> str:
    email = employ(database, house.organization_id, "owner")
    with database.writing() as session:
        user = session.query(StaffUser).filter_by(email=email).one()
        add_visit(session, house, NOW - timedelta(days=2), {"phone": S, "verified": 2 * S, "card": 2 * S})
        return api_tokens.create(session, user, "till", (), NOW)[1]


@pytest.fixture
def app(settings, database, house):
    ticks = count()
    return dashboard_app(settings, database, lambda: NOW + next(ticks) * S)  # so that the limit is never reached


def tried(app, how: SchemathesisConfig) -> tuple[Counter[int], Counter[str], list[str]]:
    """Run every phase: statuses, checks that were made, and what did not hold."""
    with served(app) as url:
        return _tried(schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json", config=how))


@contextmanager
def served(app) -> Iterator[str]:
    """The app on a free port of loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _tried(schema) -> tuple[Counter[int], Counter[str], list[str]]:
    schema.config.update(base_url=schema.location.removesuffix("/openapi.json"))
    statuses, checks, wrong = Counter[int](), Counter[str](), []
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            wrong.append(str(event.info))
        if isinstance(event, ScenarioFinished):
            statuses.update(one.response.status_code for one in event.recorder.interactions.values() if one.response)
            for made in event.recorder.checks.values():
                checks.update(one.name for one in made)
                wrong += [f"{event.label} {one.name}: {one.failure_info.failure}" for one in made if one.failure_info]
    return statuses, checks, wrong


def test_every_operation_keeps_its_contract_with_a_token(app, token) -> None:
    statuses, checks, wrong = tried(app, config(token))
    assert wrong == []
    assert {"response_schema_conformance", "negative_data_rejection", "ignored_auth", "unsupported_method"} <= set(checks)
    assert statuses[200] > 50 and statuses[422] > 50
    assert statuses[500] == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # who has no token never reaches the database
def test_every_operation_keeps_its_contract_without_a_token(app) -> None:
    statuses, _checks, wrong = tried(app, config())
    assert wrong == []
    assert set(statuses) <= {401, 405}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_route_of_the_api_stands_in_the_document_and_the_other_way_round(app) -> None:
    routes = {
        rule.rule.removeprefix(PREFIX).replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "api.document"
    }
    methods = {m for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/") for m in rule.methods}
    assert routes == set(document("https://x")["paths"]) == {operation.path for operation in OPERATIONS}
    assert methods == {"GET", "HEAD", "OPTIONS"}
