"""`vestibule radius` as it is typed."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main, raddb
from portal.core.clock import utcnow
from portal.core.config import Settings, load_settings
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues.models import Nas
from tests.conftest import skip_or_fail
from tests.support.house import House
from tests.support.radius import PrivateRadius, free_port, missing, serve_hooks

Typed = Callable[..., Result]
SECRET = "hook-secret-0123456789-abcdef"


@pytest.fixture
def typed(tmp_path: Path, database_url: str, house: House, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """`vestibule radius …` in a demo of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VESTIBULE_DEMO", "true")
    monkeypatch.setenv("VESTIBULE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("VESTIBULE_DATABASE_URL", database_url)
    monkeypatch.setenv("VESTIBULE_PORT", str(free_port()))
    return lambda *words: CliRunner().invoke(main, ["radius", *words])


def test_a_router_is_added_with_its_secret_and_listed_without_it(typed: Typed, house: House) -> None:
    made = typed("nas", "add", "--venue", house.venue_code, "--name", "hall-2", "--address", "192.0.2.0/24", "--json")
    assert made.exit_code == 0, made.output
    (row,) = json.loads(made.stdout)
    assert len(row["secret"]) == 32 and "vestibule radius config" in made.stderr
    listed = typed("nas", "list", "--json")
    assert {"name": "hall-2", "address": "192.0.2.0/24", "venue": house.venue_code} in json.loads(listed.stdout)
    assert row["secret"] not in listed.output


@pytest.mark.parametrize(
    ("name", "address", "venue", "says"),
    [
        ("teremok-nas", "192.0.2.1", "teremok", "nas list"),
        ("no spaces", "192.0.2.1", "teremok", "letters"),
        ("x{}", "192.0.2.1", "teremok", "letters"),
        ("fine", "not-an-address", "teremok", "192.0.2.7"),
        ("fine", "192.0.2.1", "nowhere", "vestibule venue list"),
    ],
)
def test_a_wrong_router_is_refused_with_what_to_do(typed: Typed, name: str, address: str, venue: str, says: str) -> None:
    refused = typed("nas", "add", "--venue", venue, "--name", name, "--address", address)
    assert refused.exit_code == 1 and says in refused.output


def test_the_written_folder_is_private_and_freeradius_accepts_it(typed: Typed, tmp_path: Path, house: House) -> None:
    if missing():
        skip_or_fail(str(missing()))
    folder = tmp_path / "raddb"
    for _ in range(2):  # a second run writes it anew
        written = typed("config", "--output", str(folder), "--listen", "127.0.0.1")
        assert written.exit_code == 0, written.output
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert f"client {house.nas_name} " in (folder / "clients.conf").read_text()
    checked = typed("check", str(folder))
    assert checked.exit_code == 0, checked.output
    (folder / "site.conf").write_text("server vestibule {")
    assert typed("check", str(folder)).exit_code == 1


def test_a_trial_names_what_does_not_stand(typed: Typed, house: House) -> None:
    assert "nas list" in typed("test", "--nas", "nobody").output
    tried = typed("test", "--nas", house.nas_name)
    assert tried.exit_code == 1 and "vestibule serve" in tried.output


def test_a_trial_passes_when_all_stands(typed: Typed, database: Database, house: House) -> None:
    if missing():
        skip_or_fail(str(missing()))
    assert typed("nas", "list").exit_code == 0  # makes the demo's secrets
    settings: Settings = load_settings()
    with serve_hooks(settings, database, utcnow, settings.hooks_port) as url:
        server = PrivateRadius(settings, database, url)
        try:
            tried = typed("test", "--nas", house.nas_name, "--server", f"127.0.0.1:{server.auth_port}")
        finally:
            server.stop()
    assert tried.exit_code == 0, tried.output
    assert tried.output.count("an unknown user is refused") == 2


@pytest.mark.parametrize(
    ("name", "address", "secret", "hook_secret"),
    [
        ("x }\nclient y {", "192.0.2.1", "s" * 32, SECRET),
        ("x", "192.0.2.1 \n secret = a", "s" * 32, SECRET),
        ("x", "192.0.2.1", "it's", SECRET),
        ("x", "192.0.2.1", "s" * 32, "a'b%{client:secret}"),
        ("x", "192.0.2.1", "s" * 32, "a\nb"),
    ],
)
def test_nothing_can_be_smuggled_into_the_configuration(
    tmp_path: Path, name: str, address: str, secret: str, hook_secret: str
) -> None:
    routers = [Nas(id=1, name=name, address=address, secret=secret)]
    with pytest.raises(PortalError, match="unsafe_value"):
        raddb.write(tmp_path / "raddb", routers, "http://127.0.0.1:8001", hook_secret, raddb.Listening())
    assert not (tmp_path / "raddb").exists()
