"""How gunicorn's processes share a crowd, and whom they wait for."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import free_ports, wait_until

PROCESSES, THREADS = 2, 4
CROWD = PROCESSES * THREADS
MEETING = f"""
import os, time, uuid

def app(environ, start_response):
    here = os.environ["MEETING"]
    open(os.path.join(here, uuid.uuid4().hex), "x").close()
    patience = time.monotonic() + 5
    while len(os.listdir(here)) < {CROWD} and time.monotonic() < patience:
        time.sleep(0.01)
    met = str(len(os.listdir(here))).encode()
    start_response("200 OK", [("Content-Length", str(len(met)))])
    return [met]
"""
HELLO = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
"""
SLOW = """
import time

def app(environ, start_response):
    time.sleep(0.1)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]
"""


@contextmanager
def served(folder: Path, app: str, processes: int) -> Iterator[int]:
    """The app behind our worker, each process with a few threads; gives its port."""
    (folder / "served.py").write_text(app)
    port, log, meeting = free_ports(1), folder / "server.log", folder / "meeting"
    meeting.mkdir()
    command = [
        sys.executable, "-m", "gunicorn", "-k", "portal.gunicorn_worker.PatientWorker", "-w", str(processes),
        "--threads", str(THREADS), "-b", f"127.0.0.1:{port}", "--no-control-socket", "served:app",
    ]  # fmt: skip
    paths = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    with log.open("wb") as out:
        running = subprocess.Popen(
            command, env=os.environ | {"PYTHONPATH": paths, "MEETING": str(meeting)}, stdout=out, stderr=out
        )
        try:
            assert wait_until(lambda: log.read_text().count("Booting worker") == processes, 30)
            yield port
        finally:
            running.terminate()
            running.wait(20)


def asked(port: int) -> socket.socket:
    """A guest who has asked for one answer."""
    guest = socket.create_connection(("127.0.0.1", port), timeout=20)
    guest.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return guest


def answer(guest: socket.socket) -> bytes:
    """All until the server has no more to say."""
    return b"".join(iter(lambda: guest.recv(4096), b"")).rpartition(b"\r\n\r\n")[2]


def test_nobody_waits_for_a_thread_of_one_process_while_another_has_some_left(tmp_path: Path) -> None:
    with served(tmp_path, MEETING, PROCESSES) as port:
        for _ in range(4):
            for left in (tmp_path / "meeting").iterdir():
                left.unlink()
            guests = [asked(port) for _ in range(CROWD)]
            assert [int(answer(guest)) for guest in guests] == [CROWD] * CROWD


def test_a_newcomer_is_not_forgotten_while_many_ask_again_and_again(tmp_path: Path) -> None:
    is_answered = threading.Event()
    with served(tmp_path, SLOW, 1) as port:
        crowd = [threading.Thread(target=ask_again_and_again, args=(port, is_answered)) for _ in range(3 * THREADS)]
        for guest in crowd:
            guest.start()
        time.sleep(0.5)
        with asked(port) as newcomer:
            assert answer(newcomer) == b"hello"
        was_crowded = all(guest.is_alive() for guest in crowd)
        is_answered.set()
        for guest in crowd:
            guest.join(20)
    assert was_crowded


def ask_again_and_again(port: int, until: threading.Event) -> None:
    """On one connection, for five seconds at most."""
    patience = time.monotonic() + 5
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        while not until.is_set() and time.monotonic() < patience:
            line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            line.recv(4096)


def test_who_does_not_hang_up_after_the_answer_holds_up_nobody(tmp_path: Path) -> None:
    with served(tmp_path, HELLO, 1) as port:
        lingering = [asked(port) for _ in range(THREADS)]
        assert [answer(guest) for guest in lingering] == [b"hello"] * THREADS
        with asked(port) as another:
            assert answer(another) == b"hello"
        for guest in lingering:
            guest.sendall(b"still here")  # had the server waited for them and then hung up, this would be refused
            guest.sendall(b"still here")
        assert wait_until(lambda: all(_is_over(guest) for guest in lingering), 20), "and it does not wait for ever"


def _is_over(guest: socket.socket) -> bool:
    try:
        guest.sendall(b"and now?")
    except OSError:
        return True
    return False
