"""The page that shows codes exists only in the demo, for whoever sits at the machine."""

import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.app import create_app
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.phone import phone_from_e164
from portal.sms.senders.base import OutgoingSms
from portal.sms.senders.console import ConsoleSender, kept_file
from tests.conftest import make_settings


def client_with(tmp_path: Path, **overrides: object) -> FlaskClient:
    settings: Settings = make_settings(tmp_path, **overrides)
    ConsoleSender(kept_file(tmp_path), io.StringIO()).send(
        OutgoingSms("reference", phone_from_e164("+79031234567"), "Код 804913 <b>.", None)
    )
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    return create_app(settings, database, lambda _message_id: None).test_client()


def test_with_the_switch_the_page_shows_the_messages(tmp_path: Path) -> None:
    answer = client_with(tmp_path, demo_sms_page=True).get("/demo/sms")
    assert answer.status_code == 200
    assert "Код 804913 &lt;b&gt;." in answer.text and "9031234567" not in answer.text


def test_without_the_switch_there_is_no_page(tmp_path: Path) -> None:
    assert client_with(tmp_path).get("/demo/sms").status_code == 404


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Anything", "Forwarded", "Via", "X-Real-IP"],
)
def test_a_request_that_came_through_a_proxy_is_refused(tmp_path: Path, header: str) -> None:
    assert client_with(tmp_path, demo_sms_page=True).get("/demo/sms", headers={header: "1"}).status_code == 404


def test_it_cannot_start_beside_a_public_url(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot stand beside PUBLIC_URL"):
        make_settings(tmp_path, demo_sms_page=True, public_url="https://wifi.example.ru")
