"""`make run` as a person does it: the whole product starts, is ready, stops, and leaves nothing but its data."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import free_ports, running, wait_until

ROOT = Path(__file__).parents[2]


class Demo:
    """The three commands of `make run`, in a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(3)
        self.mark = f"DEMO_MARK={uuid.uuid4().hex}"
        name, value = self.mark.split("=")
        clean = {k: v for k, v in os.environ.items() if not k.startswith("VESTIBULE_")}
        self.environment = {
            **clean, name: value, "VESTIBULE_DEMO": "true", "VESTIBULE_DEMO_SMS_PAGE": "true",
            "VESTIBULE_DATA_DIR": str(folder / "var"), "VESTIBULE_PORT": str(self.port), "VESTIBULE_WEB_WORKERS": "1",
        }  # fmt: skip
        self.folder = folder

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "portal", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> "subprocess.Popen[str]":
        self.log = (self.folder / "serve.log").open("w+")
        serve = [sys.executable, "-m", "portal", "serve"]
        return subprocess.Popen(serve, env=self.environment, cwd=ROOT, stdout=self.log, stderr=subprocess.STDOUT, text=True)

    def said(self) -> str:
        return (self.folder / "serve.log").read_text()

    def stands(self) -> bool:
        return "Ctrl-C stops everything" in self.said()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo that is surely gone afterwards."""
    demo = Demo(tmp_path)
    yield demo
    for left in running(demo.mark):
        os.kill(left, signal.SIGKILL)


def test_it_starts_says_where_to_look_and_stops_whole(demo: Demo) -> None:
    demo.command("migrate")
    demo.command("demo")
    serve = demo.start()
    assert wait_until(demo.stands, 30), demo.said()
    links = re.findall(r"http://127\.0\.0\.1:\d+/s/\S+", demo.said())
    assert len(links) >= 2
    for link in links:
        with urllib.request.urlopen(link, timeout=5) as answer:
            assert answer.status == 200
    with urllib.request.urlopen(f"http://127.0.0.1:{demo.port + 2}/", timeout=5) as router:
        assert router.status == 200
    assert len(running(demo.mark)) >= 6  # ourselves, two gunicorns with a worker each, the queue, the router
    serve.send_signal(signal.SIGINT)
    assert serve.wait(15) == 0, demo.said()
    assert running(demo.mark) == set()


def test_kill_9_leaves_no_process(demo: Demo) -> None:
    demo.command("migrate")
    serve = demo.start()
    assert wait_until(demo.stands, 30), demo.said()
    serve.kill()
    serve.wait(5)
    assert wait_until(lambda: not running(demo.mark), 15)


def test_a_second_start_keeps_the_data(demo: Demo) -> None:
    demo.command("migrate")
    first = demo.command("demo")
    secrets = (demo.folder / "var/secrets.env").read_text()
    sources = demo.command("source", "list", "samovar-pokrovka", "--json")
    demo.command("migrate")
    second = demo.command("demo")
    assert demo.command("source", "list", "samovar-pokrovka", "--json") == sources
    assert (demo.folder / "var/secrets.env").read_text() == secrets
    password = re.search(r"(?i)password\W+(\S{10,})", first)
    assert password is not None, first
    assert password[1] not in second, "a password is shown once"


def test_a_taken_port_is_named_and_nothing_is_started(demo: Demo) -> None:
    demo.command("migrate")
    demo.start()
    assert wait_until(demo.stands, 30), demo.said()
    before = running(demo.mark)
    again = subprocess.run(
        [sys.executable, "-m", "portal", "serve"], env=demo.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert again.returncode == 1
    assert f"port {demo.port} is taken" in again.stderr
    assert running(demo.mark) == before


def test_a_database_behind_the_program_is_not_served(demo: Demo) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal", "serve"], env=demo.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "vestibule migrate" in done.stderr


def test_every_log_line_is_json_without_query_or_token(demo: Demo) -> None:
    demo.command("migrate")
    demo.command("demo")
    serve = demo.start()
    assert wait_until(demo.stands, 30), demo.said()
    link = re.findall(r"http://127\.0\.0\.1:\d+/s/\S+", demo.said())[0]
    urllib.request.urlopen(f"{link}?utm_term=canary-of-the-query", timeout=5).read()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{demo.port}/c/{'canaryToken' * 2}", timeout=5)
    serve.send_signal(signal.SIGTERM)
    assert serve.wait(15) == 0
    assert "canary" not in demo.said()
    assert '"path": "/c/~"' in demo.said()
