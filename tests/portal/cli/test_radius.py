"""`vestibule radius` as it is typed."""

import base64
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli import main, raddb
from portal.core.clock import utcnow
from portal.core.config import Settings, load_settings
from portal.core.db import Database
from portal.core.errors import PortalError
from portal.venues import setup
from portal.venues.models import Nas, Venue
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
    assert len(row["secret"]) == 32 and "next: nothing" in made.stderr
    listed = typed("nas", "list", "--json")
    assert {"name": "hall-2", "address": "192.0.2.0/24", "port": None, "venue": house.venue_code} in json.loads(listed.stdout)
    assert row["secret"] not in listed.output


def test_a_router_gets_another_secret_and_freeradius_is_told_it(
    typed: Typed, house: House, database: Database, tmp_path: Path
) -> None:
    made = typed("nas", "rotate", house.nas_name, "--json")
    assert made.exit_code == 0 and "next: vestibule radius config" in made.stderr
    [row] = json.loads(made.stdout)
    with database.reading() as session:
        assert session.get_one(Nas, house.nas_id).secret == row["secret"] != "n" * 32
    assert typed("config", "--output", str(tmp_path / "raddb")).exit_code == 0
    assert row["secret"] in (tmp_path / "raddb/clients.conf").read_text()
    assert "nas list" in typed("nas", "rotate", "nobody").output


@pytest.mark.parametrize(
    ("name", "address", "venue", "says"),
    [
        ("teremok-nas", "192.0.2.1", "teremok", "nas list"),
        ("no spaces", "192.0.2.1", "teremok", "letters"),
        ("x{}", "192.0.2.1", "teremok", "letters"),
        ("fine", "not-an-address", "teremok", "192.0.2.7"),
        ("fine", "192.0.2.1", "nowhere", "vestibule venue list"),
        ("fine", "0.0.0.0/0", "teremok", "--roaming"),
        ("fine", "127.0.0.1", "teremok", "tell the two apart"),
        ("fine", "", "teremok", "--roaming"),
    ],
)
def test_a_wrong_router_is_refused_with_what_to_do(typed: Typed, name: str, address: str, venue: str, says: str) -> None:
    refused = typed("nas", "add", "--venue", venue, "--name", name, "--address", address)
    assert refused.exit_code == 1 and says in refused.output


def test_two_routers_with_one_address_from_before_do_not_keep_freeradius_from_starting(
    typed: Typed, tmp_path: Path, house: House, database: Database
) -> None:
    with database.writing() as session:
        setup.add_nas(session, session.get_one(Venue, house.venue_id), "second", "127.0.0.1", utcnow())
    folder = tmp_path / "raddb"
    assert typed("config", "--output", str(folder), "--listen", "127.0.0.1").exit_code == 0
    clients = (folder / "clients.conf").read_text()
    assert f"client {house.nas_name} " in clients and "client second " not in clients
    assert missing() or typed("check", str(folder)).exit_code == 0


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
    around = raddb.Surroundings("http://127.0.0.1:8001", hook_secret, tmp_path / "spool")
    with pytest.raises(PortalError, match="unsafe_value"):
        raddb.write(tmp_path / "raddb", routers, around, raddb.Listening())
    assert not (tmp_path / "raddb").exists()


def test_a_roaming_router_gets_ports_of_its_own_and_is_told_of_the_restart(typed: Typed, house: House) -> None:
    ports = []
    for name in ("van-1", "van-2"):
        made = typed("nas", "add", "--venue", house.venue_code, "--name", name, "--roaming", "--json")
        assert made.exit_code == 0 and "restart FreeRADIUS" in made.stderr
        ports.append(json.loads(made.stdout)[0]["port"])
    assert ports[1] == ports[0] + 2


@pytest.mark.parametrize("kind", ["--wireguard", "--radsec"])
def test_tunnel_settings_are_printed_for_both_ends_with_fresh_keys(typed: Typed, house: House, kind: str) -> None:
    printed = [typed("nas", "tunnel", house.nas_name, kind, "--server", "radius.example.ru").output for _ in range(2)]
    keys = [set(re.findall(r"PrivateKey = (\S{44})|-----BEGIN PRIVATE KEY-----\n(\S+)", text)) for text in printed]
    assert len(keys[0]) == 2 and not keys[0] & keys[1]
    assert "this machine" in printed[0] and "router" in printed[0]
    assert typed("nas", "tunnel", house.nas_name, kind, "--server", "x; reboot").exit_code == 1


def test_the_two_ends_of_a_wireguard_tunnel_fit(typed: Typed, house: House) -> None:
    text = typed("nas", "tunnel", house.nas_name, "--wireguard", "--server", "192.0.2.1").output
    private = [base64.b64decode(found) for found in re.findall(r"PrivateKey = (\S+)", text)]
    public = [X25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw() for key in private]
    named = [base64.b64decode(found) for found in re.findall(r"PublicKey = (\S+)", text)]
    assert named == public[::-1]
    assert f'secret="{"n" * 32}"' in text  # the router's own


def test_freeradius_accepts_the_printed_radsec_settings(typed: Typed, tmp_path: Path, house: House) -> None:
    if missing():
        skip_or_fail(str(missing()))
    folder = tmp_path / "raddb"
    assert typed("config", "--output", str(folder), "--listen", "127.0.0.1").exit_code == 0
    text = typed("nas", "tunnel", house.nas_name, "--radsec", "--server", "127.0.0.1").output
    pieces = re.split(r"^# ---- .*\n", text, flags=re.MULTILINE)[1:]
    for name, piece in zip(("radsec-ca.pem", "radsec-server.pem", "radsec.conf"), pieces, strict=False):
        (folder / name).write_text(piece)
        (folder / name).chmod(0o600)
    with (folder / "radiusd.conf").open("a") as conf:
        conf.write("$INCLUDE radsec.conf\n")
    checked = typed("check", str(folder))
    assert checked.exit_code == 0, checked.output
