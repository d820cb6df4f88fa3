"""The doctor knows which routers need the plain page."""

from pathlib import Path

import pytest

from portal.cli.checks import Wrong
from portal.cli.house import House as OpenHouse
from portal.cli.last_step import last_step
from portal.core.db import Database
from portal.venues.models import GatewayConfig
from tests.conftest import make_settings
from tests.support.house import House


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_to_a_plain_router_needs_a_plain_page(tmp_path: Path, database: Database, database_url: str, house: House) -> None:
    def said(plain_url: str = "") -> str:
        settings = make_settings(tmp_path, database_url=database_url, public_url="https://wifi.example.ru", plain_url=plain_url)
        return last_step(OpenHouse(settings, database))

    def become(base_url: str, **options: bool) -> None:
        with database.writing() as session:
            config = session.get_one(GatewayConfig, house.gateway_id)
            config.kind, config.base_url, config.options = "mikrotik", base_url, options

    for base_url, options in (("http://10.5.50.1", {}), ("https://login.cafe.example", {"pap": True})):
        become(base_url, **options)
        assert said() == "no router needs a form"
    become("http://10.5.50.1", pap=True)
    with pytest.raises(Wrong, match="teremok: set VESTIBULE_PLAIN_URL"):
        said()
    assert said("http://go.example.ru") == "1 by a form on http://go.example.ru"
