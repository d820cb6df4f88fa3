"""What we give an openNDS router: the texts to paste, and our scripts as its shells run them."""

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from portal.core.errors import PortalError
from portal.gateways.base import GatewaySettings, PortalUrls
from portal.gateways.opennds import OpenNds
from portal.gateways.opennds_cipher import signed_length
from portal.gateways.opennds_pastes import script
from tests.conftest import skip_or_fail
from tests.support.programs import wait_until

KEY = "script-key-0123456789-abcdef"
FASKEY = "faskey-0123456789-abcdef"
TOKEN = "64378c38"
HID = hashlib.sha256(TOKEN.encode()).hexdigest()
MAC = "02:aa:bb:cc:dd:01"
SHELLS = ("dash", "busybox sh", "bash")
URLS = PortalUrls(
    "https://wifi.example.ru/wifi/teremok", "", "https://wifi.example.ru/router/abc/poll", ("wifi.example.ru", "192.0.2.9"),
    family_dns=("77.88.8.7", "77.88.8.3"),
)  # fmt: skip


def settings(level: int) -> GatewaySettings:
    options = {"level": str(level), "allow_bypass": level == 1}
    return GatewaySettings("opennds", "http://192.168.1.1:2050", FASKEY, "teremok", options, KEY)


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_everything_to_paste_is_whole_and_parses(level: int) -> None:
    pastes = OpenNds().pastes(settings(level), URLS)
    assert [paste.where.split(":")[0] for paste in pastes] == (["OpenWrt"] if level == 4 else ["OpenWrt", "Debian"])
    for paste in pastes:
        assert re.findall(r"@[A-Z]+@", paste.text) == []
        subprocess.run(["dash", "-n"], input=paste.text, text=True, check=True)
        for part in (
            FASKEY, KEY, "vestibule-teremok", "fas_secure_enabled", "/wifi/teremok", "https://wifi.example.ru/router/abc/poll",
            script("binauth.sh"), script("poll.sh"), script("common.sh"), "192.0.2.9", "77.88.8.7", "77.88.8.3", "114",
        ):  # fmt: skip
            assert part in paste.text
        assert ("php" in paste.text) is (level in (2, 3))
        assert KEY not in repr(paste)
    port = re.search(r"fasport '(\d+)'", pastes[0].text)
    assert port is not None and port[1] == ("80" if level in (1, 2) else "443")


def test_levels_three_and_four_need_https_and_the_others_take_http() -> None:
    plain = PortalUrls("http://wifi.local:8080/wifi/teremok", "", "http://wifi.local:8080/router/abc/poll", ())
    for level in (3, 4):
        with pytest.raises(PortalError, match="opennds_needs_https"):
            OpenNds().pastes(settings(level), plain)
    assert "fasport '8080'" in OpenNds().pastes(settings(2), plain)[0].text


@pytest.fixture(params=SHELLS)
def router(request: pytest.FixtureRequest, tmp_path: Path) -> "Router":
    """A folder like the router's, and one of the shells that routers have."""
    if shutil.which(request.param.split()[0]) is None:
        skip_or_fail(f"{request.param} is not installed")
    return Router(tmp_path, request.param.split())


class Router:
    """Our scripts with a pretend ndsctl."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self.shell, self.spool = folder, shell, folder / "spool"
        for name in ("common.sh", "binauth.sh", "poll.sh"):
            (folder / name).write_text(script(name))
        (folder / "bin").mkdir()

    def configure(self, url: str = "http://127.0.0.1:9/") -> dict[str, str]:
        """As `scripts.in` writes it; gives the scripts' environment."""
        (self.folder / "router.conf").write_text(f"URL='{url}'\nKEY='{KEY}'\nEVERY=0.1\nSPOOL={self.spool}\n")
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        return clean | {"VESTIBULE_DIR": str(self.folder), "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}

    def binauth(self, *words: str) -> str:
        """What it prints."""
        env = self.configure()
        done = subprocess.run(
            [*self.shell, str(self.folder / "binauth.sh"), *words], env=env, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout

    def ndsctl(self, clients: dict[str, dict[str, str]]) -> None:
        """A pretend one that knows these devices and writes down whom it is to put out."""
        lines = ['"client_list_length":"1",', '"clients":{']
        for mac, values in clients.items():
            lines += [f'"{mac}":{{', *(f'"{name}":"{value}",' for name, value in {"mac": mac, **values}.items()), "}"]
        self._put("clients.json", "{\n" + "\n".join(lines) + "\n}\n}\n")
        text = (
            f'#!/bin/sh\ncase "$1" in json) cat {self.folder}/clients.json ;;\n'
            f'deauth) echo "$2" >> {self.folder}/put_out; case "$2" in *99) echo "Client $2 not found." ;; '
            '*) echo "Client $2 deauthenticated." ;; esac ;; esac\n'
        )
        self._put("bin/ndsctl", text)

    def _put(self, name: str, text: str) -> None:
        """In one step: the scripts may be running or reading what was there before."""
        fresh = self.folder / f"{name}.new"
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(self.folder / name)

    def put_out(self) -> set[str]:
        """Whom ndsctl was told to put out so far."""
        path = self.folder / "put_out"
        return set(path.read_text().split()) if path.exists() else set()


def ask(custom: str, token: str = TOKEN) -> tuple[str, ...]:
    return ("auth_client", MAC, "http%3a%2f%2fa", "UA%20'x", "10.0.0.9", token, custom)


def test_binauth_gives_exactly_what_we_signed_for_this_client(router: Router) -> None:
    assert router.binauth(*ask(signed_length(KEY, HID, 3700, 4000, 8000))) == "3700 4000 8000 0 0\n"


def test_binauth_refuses_everything_else(router: Router) -> None:
    good = signed_length(KEY, HID, 60, 0, 0)
    for custom in (
        "bmE%3d", "", "-", "--", "99999" + good[2:], good[:-1], good + "0", signed_length("another", HID, 60, 0, 0),
        signed_length(KEY, "0" * 64, 60, 0, 0), "$(id)-0-0-" + "0" * 20, "`id`", "60 0 0 0 0", "x" * 3000,
    ):  # fmt: skip
        assert router.binauth(*ask(custom)) == ""
    assert router.binauth(*ask(good, "00000000")) == ""


def test_binauth_keeps_who_went_for_the_poll_and_not_without_end(router: Router) -> None:
    router.binauth("client_auth", MAC, "0", "0", "1", "2", TOKEN, "x")
    router.binauth("timeout_deauth", MAC, "209781", "5977", "1795363874", "1795363875", TOKEN, "x")
    assert (router.spool / "events").read_text() == f"off {MAC} timeout_deauth 209781 5977 1795363874 1795363875\n"
    (router.spool / "events").write_text("x\n" * 200)
    router.binauth("idle_deauth", MAC, "0", "0", "1", "2", TOKEN, "x")
    assert len((router.spool / "events").read_text().splitlines()) == 200


class Portal(HTTPServer):
    """Says what it is told to, and keeps what it heard."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Heard)
        self.heard: list[tuple[str, str, str]] = []
        self.answers: list[str] = []


class _Heard(BaseHTTPRequestHandler):
    server: Portal

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.heard.append((self.path, self.headers["X-Vestibule-Key"], body))
        said = (self.server.answers.pop(0) if self.server.answers else "vestibule 1\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def portal() -> Iterator[Portal]:
    server = Portal()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["curl", "wget"])
def polling(request: pytest.FixtureRequest, router: Router, portal: Portal) -> Iterator[Router]:
    """poll.sh at work, with curl or with wget alone."""
    if shutil.which(request.param) is None:
        skip_or_fail(f"{request.param} is not installed")
    router.ndsctl({})
    env = router.configure(f"http://127.0.0.1:{portal.server_port}/router/abc/poll")
    if request.param == "wget":
        tools = (
            "head",
            "wc",
            "cat",
            "mv",
            "rm",
            "touch",
            "grep",
            "mkdir",
            "awk",
            "date",
            "cut",
            "sha256sum",
            "sleep",
            "wget",
            "sh",
            "tr",
        )
        for name in tools:
            (router.folder / "bin" / name).symlink_to(str(shutil.which(name)))
        env["PATH"] = str(router.folder / "bin")
    shell = [str(shutil.which(router.shell[0])), *router.shell[1:]]
    running = subprocess.Popen([*shell, str(router.folder / "poll.sh")], env=env)
    yield router
    running.kill()
    running.wait(10)


def test_the_poll_tells_with_its_key_in_a_header_and_does_what_it_is_told(polling: Router, portal: Portal) -> None:
    (polling.spool).mkdir(exist_ok=True)
    (polling.spool / "events").write_text(f"on {MAC}\n")
    assert wait_until(lambda: any(f"on {MAC}" in body for _, _, body in portal.heard), 20)
    assert {(path, key) for path, key, _ in portal.heard} == {("/router/abc/poll", KEY)}
    portal.answers.append(f"vestibule 1\ndeauth 7 {MAC}\ndeauth 8 02:aa:bb:cc:dd:99\n")
    assert wait_until(lambda: any("done 7\nabsent 8" in body for _, _, body in portal.heard), 20)
    assert sum("done 7" in body for _, _, body in portal.heard) == 1, "told once"


def test_the_poll_does_nothing_of_what_another_page_says(polling: Router, portal: Portal) -> None:
    odd = (
        f"deauth 7 {MAC}\n", f"<html>\nvestibule 1\ndeauth 7 {MAC}\n",
        "vestibule 1\ndeauth 7 $(touch x)\ndeauth x 02:aa:bb:cc:dd:01\n",
        "vestibule 1\ndeauth 7 02:aa:bb:cc:dd:0g\ndeauth 7 ;id\ntrust 7 02:aa:bb:cc:dd:01\n", "",
    )  # fmt: skip
    portal.answers.extend(odd)
    assert wait_until(lambda: len(portal.heard) > len(odd) + 3, 20)
    assert polling.put_out() == set()
    assert all("7" not in body for _, _, body in portal.heard)


def test_the_poll_puts_out_who_has_no_length_of_ours_or_has_outstayed_it(polling: Router, portal: Portal) -> None:
    """openNDS lets in without asking BinAuth while ndsctl is in use."""
    now = subprocess.run(["date", "+%s"], capture_output=True, text=True, check=True).stdout.strip()
    start, long_ago = now, str(int(now) - 100)
    inside = {"token": TOKEN, "state": "Authenticated", "session_start": start}
    good = signed_length(KEY, HID, 60, 0, 0)
    polling.ndsctl({
        "02:00:00:00:00:01": inside | {"custom": good},
        "02:00:00:00:00:02": inside | {"custom": signed_length(KEY, "02:00:00:00:00:02", 60, 0, 0)},
        "02:00:00:00:00:03": inside | {"custom": good, "session_start": long_ago},
        "02:00:00:00:00:04": inside | {"custom": "bmE="},
        "02:00:00:00:00:05": inside | {"custom": "9" + good},
        "02:00:00:00:00:06": {"token": TOKEN, "state": "Preauthenticated", "session_start": "null", "custom": "none"},
        "02:00:00:00:00:07": inside,
    })  # fmt: skip
    wanted = {f"02:00:00:00:00:0{n}" for n in (3, 4, 5, 7)}
    assert wait_until(lambda: polling.put_out() >= wanted, 20), polling.put_out()
    rounds = len(portal.heard)
    assert wait_until(lambda: len(portal.heard) > rounds + 3, 20)
    assert polling.put_out() == wanted
    told = [line for _, _, body in portal.heard for line in body.splitlines()]
    assert sorted(told) == ["on 02:00:00:00:00:01", "on 02:00:00:00:00:02"], "each once"


def test_a_report_outlives_a_portal_that_is_away(polling: Router, portal: Portal) -> None:
    portal.answers.extend(["no", "no", "no"])
    polling.spool.mkdir(exist_ok=True)
    (polling.spool / "events").write_text(f"on {MAC}\n")
    assert wait_until(lambda: sum(f"on {MAC}" in body for _, _, body in portal.heard) >= 1, 20)
    assert wait_until(lambda: not portal.answers and portal.heard[-1][2] == "", 20)
    assert sum(f"on {MAC}" in body for _, _, body in portal.heard) >= 1
