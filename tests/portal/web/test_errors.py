"""Refusals and failures as pages: what they say, what they keep, what they never show."""

from pathlib import Path

import pytest
from flask import Blueprint, Flask, abort, g
from flask.testing import FlaskClient
from flask_babel import Babel
from sqlalchemy.exc import IntegrityError, OperationalError, TimeoutError

from portal.core.errors import PortalError, UpstreamError
from portal.core.share import SHARE
from portal.core.tokens import BadToken
from portal.web import errors
from portal.web.security import protect
from tests.conftest import make_settings

PHONE = "+79035550199"
FAILURES = {
    "stale": BadToken("expired_token"),
    "forged": BadToken("bad_token"),
    "nowhere": PortalError("unknown_venue"),
    "unlisted": PortalError("email_taken"),
    "upstream": UpstreamError("gate_down"),
    "away": OperationalError("INSERT …", {"phone": PHONE}, Exception("connection refused")),
    "crowded": TimeoutError("QueuePool limit"),
    "clash": IntegrityError("INSERT …", {"phone": PHONE}, Exception(f"Key (phone)=({PHONE}) already exists")),
    "bug": RuntimeError(f"no such thing: {PHONE}"),
}


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """An app of doors that fail, with the product's error pages and no database."""
    app = Flask("portal", template_folder=str(SHARE / "templates"), static_folder=str(SHARE / "static"))
    Babel(app, locale_selector=lambda: getattr(g, "language", "ru"))
    protect(app, make_settings(tmp_path))
    errors.register(app)
    guest = Blueprint("guest", __name__)

    @guest.route("/fail/<name>", methods=["GET", "POST"])
    def fail(name: str) -> str:
        raise FAILURES[name]

    @app.post("/dashboard/fail/<name>")
    def fail_there(name: str) -> str:
        raise FAILURES[name]

    @app.get("/refuse/<int:status>")
    def refuse(status: int) -> str:
        abort(status)

    app.register_blueprint(guest)
    return app.test_client()


@pytest.mark.parametrize(
    ("name", "status"),
    [("stale", 410), ("forged", 400), ("nowhere", 404), ("unlisted", 500), ("upstream", 503), ("away", 503), ("crowded", 503),
     ("clash", 500), ("bug", 500)],
)  # fmt: skip
def test_each_failure_is_a_page_with_its_status(client: FlaskClient, name: str, status: int) -> None:
    answer = client.get(f"/fail/{name}")
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_shows_a_trace_a_statement_or_a_number(client: FlaskClient, name: str) -> None:
    page = client.get(f"/fail/{name}").text
    for secret in ("Traceback", "Error", "INSERT", PHONE, "portal/", "refused"):
        assert secret not in page


@pytest.mark.parametrize("name", ["away", "clash", "bug"])
def test_no_failure_writes_the_number_to_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture, name: str) -> None:
    client.post(f"/fail/{name}", data={"phone": PHONE})
    assert caplog.records
    assert PHONE not in caplog.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418, 429, 500, 502, 503])
def test_each_refusal_has_words_in_both_languages(client: FlaskClient, status: int) -> None:
    for language in ("ru", "en"):
        answer = client.get(f"/refuse/{status}", headers={"Accept-Language": language})
        assert answer.status_code == status
        assert f'<html lang="{language}">' in answer.text


def test_a_method_that_is_not_allowed_still_says_which_are(client: FlaskClient) -> None:
    answer = client.post("/refuse/400")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_form_that_met_a_dead_database_can_be_sent_again_whole(client: FlaskClient) -> None:
    typed = {"phone": '8 903 "5550199', "visit": "t", "name": "<b>Аня</b>"}
    answer = client.post("/fail/away", data=typed)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert '<form method="post" action="/fail/away">' in answer.text
    assert 'name="phone" value="8 903 &#34;5550199"' in answer.text
    assert 'name="name" value="&lt;b&gt;Аня&lt;/b&gt;"' in answer.text


def test_a_page_that_met_a_dead_database_has_a_button_to_itself(client: FlaskClient) -> None:
    answer = client.get("/fail/away")
    assert 'href="/fail/away"' in answer.text
    assert "<form" not in answer.text


def test_a_form_larger_than_we_take_is_not_carried(client: FlaskClient) -> None:
    answer = client.post("/fail/away", data={"phone": "9" * 70_000})
    assert answer.status_code == 503
    assert "999" not in answer.text


def test_forms_of_the_dashboard_are_not_carried_as_they_may_hold_a_password(client: FlaskClient) -> None:
    answer = client.post("/dashboard/fail/away", data={"password": "correct horse"})
    assert answer.status_code == 503
    assert "correct horse" not in answer.text


def test_an_error_page_allows_its_own_style_block(client: FlaskClient) -> None:
    assert "'sha256-" in client.get("/nothing").headers["Content-Security-Policy"]


def test_a_host_that_is_not_ours_gets_a_page_too(client: FlaskClient) -> None:
    answer = client.get("/fail/bug", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text
