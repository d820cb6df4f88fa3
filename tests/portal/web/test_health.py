"""What balancers and Prometheus are told."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from portal.core.config import Settings
from portal.core.db import Database
from portal.core.heartbeat import beat
from portal.web import health, telemetry
from portal.web.parts import Parts


def portal(settings: Settings, database: Database, now: datetime, queue: bool = True) -> Flask:
    """An app with health alone."""
    app = Flask("health")
    app.extensions["vestibule"] = Parts(settings, database, lambda: now, lambda _: None)
    telemetry.watch(app)
    health.register(app, queue_answers=lambda: queue)
    return app


def alive(database: Database, at: datetime) -> None:
    with database.writing() as session:
        beat(session, "worker", at)


def test_a_house_that_stands_is_ready(settings: Settings, database: Database, now: datetime) -> None:
    alive(database, now - timedelta(seconds=80))
    answer = portal(settings, database, now).test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"database": "ok", "queue": "ok", "worker": "ok"})


@pytest.mark.parametrize(("age", "says"), [(None, "never started"), (timedelta(seconds=91), "silent")])
def test_without_its_worker_it_is_not(
    settings: Settings, database: Database, now: datetime, age: timedelta | None, says: str
) -> None:
    if age:
        alive(database, now - age)
    answer = portal(settings, database, now).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": "ok", "queue": "ok", "worker": says}


def test_without_its_queue_it_is_not(settings: Settings, database: Database, now: datetime) -> None:
    alive(database, now)
    answer = portal(settings, database, now, queue=False).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None and answer.json["queue"] == "does not answer"


def test_without_its_database_it_says_so_and_lives(settings: Settings, now: datetime) -> None:
    nowhere = Database("sqlite:////nonexistent/folder/vestibule.db")
    client = portal(settings, nowhere, now).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"database": "does not answer", "queue": "ok", "worker": "unknown"}
    assert client.get("/healthz").status_code == 200


def test_metrics_count_by_endpoint_and_never_by_path(settings: Settings, database: Database, now: datetime) -> None:
    client = portal(settings, database, now).test_client()
    client.get("/healthz?phone=79161234567")
    client.get("/no/such/79161234567")
    told = client.get("/metrics", headers={"Authorization": f"Bearer {settings.metrics_token.get_secret_value()}"}).text
    assert 'vestibule_requests_total{endpoint="health.healthz",method="GET",status="200"}' in told
    assert 'endpoint="none",method="GET",status="404"' in told
    assert "79161234567" not in told


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer x", "Basic tests-only-metrics-24680-token", "tests-only-metrics-24680-token"]
)
def test_metrics_need_their_token(settings: Settings, database: Database, now: datetime, given: str) -> None:
    answer = portal(settings, database, now).test_client().get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 404


def test_readiness_writes_nothing(settings: Settings, database: Database, now: datetime) -> None:
    portal(settings, database, now).test_client().get("/readyz")
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM heartbeat")) == 0
