"""The address that links are built from, and the hosts that are answered."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.core import config
from tests.conftest import make_settings


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "2001:db8::7"])
def test_a_link_to_an_address_leads_to_it_and_is_answered(tmp_path: Path, host: str) -> None:
    settings = make_settings(tmp_path, host=host, port=18410)
    parts = urlsplit(settings.base_url)
    assert (parts.hostname, parts.port) == (host, 18410)
    assert host in settings.hosts


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_demo_on_every_address_gives_links_that_a_phone_nearby_can_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setattr(config, "own_address", lambda: "192.168.1.7")
    settings = make_settings(tmp_path, host=host, port=18410)
    assert settings.base_url == "http://192.168.1.7:18410"
    assert {"192.168.1.7", "127.0.0.1", "localhost"} <= settings.hosts
    assert make_settings(tmp_path, host=host, public_url="https://wifi.example.ru").base_url == "https://wifi.example.ru"


def test_without_a_network_such_a_demo_still_has_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "own_address", lambda: "")
    assert make_settings(tmp_path, host="0.0.0.0", port=18410).base_url == "http://0.0.0.0:18410"
