"""Every address of the portal says for whom it is; a new one fails here until it does."""

import re
from datetime import datetime

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.app import create_app
from portal.core.config import Settings
from portal.core.db import Database

# Addresses of these blueprints are open to anybody, by design: what they show is decided by a token in the path.
OPEN = {"guest", "callbacks", "health", "static"}
# The API asks for a token in its header; its document is open.
BY_TOKEN = "api"
# Dashboard pages that must be reachable before signing in.
BEFORE_SIGN_IN = {"dashboard.sign_in", "dashboard.forgot", "dashboard.welcome"}
SAMPLE = {"int": "1", "float": "1.5", "path": "x", "default": "x", "string": "x", "uuid": "0" * 32}


@pytest.fixture
def app(settings: Settings, database: Database, now: datetime) -> Flask:
    return create_app(settings, database, deliver=lambda _: None, clock=lambda: now)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_address_belongs_to_an_audience(app: Flask) -> None:
    audiences = {rule.endpoint.split(".")[0] for rule in app.url_map.iter_rules()}
    assert audiences <= OPEN | {"dashboard", BY_TOKEN}
    assert {"guest", "dashboard", "callbacks", "health", BY_TOKEN} <= audiences


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_api_answers_nothing_without_a_token(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    open_ones = [rule.rule for rule in rules if app.test_client().get(_address(rule)).status_code != 401]
    assert len(rules) > 5
    assert open_ones == ["/api/v1/openapi.json"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_dashboard_sends_strangers_to_the_sign_in(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dashboard.")]
    open_ones = [
        f"{method} {rule.rule}"
        for rule in rules
        if rule.endpoint not in BEFORE_SIGN_IN
        for method in sorted(rule.methods & {"GET", "POST"})
        if not _refused(app, method, _address(rule))
    ]
    assert len(rules) > 10
    assert open_ones == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_dashboard_addresses_stand_under_one_prefix(app: Flask) -> None:
    outside = [
        r.rule for r in app.url_map.iter_rules() if r.endpoint.startswith("dashboard.") and not r.rule.startswith("/dashboard")
    ]
    assert outside == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_personal_can_stand_in_an_address(app: Flask) -> None:
    names = {name for rule in app.url_map.iter_rules() for name in rule.arguments}
    assert names & {"phone", "mac", "email", "code_typed", "key"} == set()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_look_like_nothing_without_the_token(app: Flask, settings: Settings) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    token = settings.metrics_token.get_secret_value()
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert "vestibule_requests_total" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_errors_show_no_insides(app: Flask) -> None:
    app.add_url_rule("/healthz/fails", view_func=_fails)
    answer = app.test_client().get("/healthz/fails")
    assert answer.status_code == 500
    assert "canary" not in answer.text and "Traceback" not in answer.text


def _fails() -> str:
    raise RuntimeError("canary of the insides")


def _refused(app: Flask, method: str, address: str) -> bool:
    answer = app.test_client().open(address, method=method, headers={"Origin": "http://127.0.0.1"})
    to_sign_in = answer.status_code in (302, 303) and "/dashboard/sign-in" in answer.headers["Location"]
    return to_sign_in or answer.status_code in (400, 401, 403)


def _address(rule: Rule) -> str:
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: SAMPLE[found[1] or "default"], rule.rule)
