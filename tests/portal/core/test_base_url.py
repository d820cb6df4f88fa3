"""The address that links are built from, and the hosts that are answered."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import make_settings


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::", "2001:db8::7"])
def test_a_link_to_an_address_leads_to_it_and_is_answered(tmp_path: Path, host: str) -> None:
    settings = make_settings(tmp_path, host=host, port=18410)
    parts = urlsplit(settings.base_url)
    assert (parts.hostname, parts.port) == (host, 18410)
    assert host in settings.hosts
