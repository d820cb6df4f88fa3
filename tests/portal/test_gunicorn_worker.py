"""How a crowd is shared by gunicorn's processes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.support.programs import free_ports, wait_until

PROCESSES, THREADS = 2, 4
CROWD = PROCESSES * THREADS
APP = f"""
import os, time, uuid
from pathlib import Path

def app(environ, start_response):
    here = Path(os.environ["MEETING"])
    (here / uuid.uuid4().hex).touch()
    patience = time.monotonic() + 5
    while len(os.listdir(here)) < {CROWD} and time.monotonic() < patience:
        time.sleep(0.01)
    met = str(len(os.listdir(here))).encode()
    start_response("200 OK", [("Content-Length", str(len(met)))])
    return [met]
"""


def test_nobody_waits_for_a_thread_of_one_process_while_another_has_some_left(tmp_path: Path) -> None:
    (tmp_path / "meeting.py").write_text(APP)
    port = free_ports(1)
    command = [
        sys.executable, "-m", "gunicorn", "-k", "portal.gunicorn_worker.PatientWorker", "-w", str(PROCESSES),
        "--threads", str(THREADS), "-b", f"127.0.0.1:{port}", "--no-control-socket", "meeting:app",
    ]  # fmt: skip
    met = tmp_path / "met"
    met.mkdir()
    paths = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    with (tmp_path / "server.log").open("wb") as log:
        running = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths, "MEETING": str(met)}, stdout=log, stderr=log)
        try:
            assert wait_until(lambda: (tmp_path / "server.log").read_text().count("Booting worker") == PROCESSES, 30)
            for _ in range(6):
                for left in met.iterdir():
                    left.unlink()
                assert _meet(port) == [CROWD] * CROWD
        finally:
            running.terminate()
            running.wait(20)


def _meet(port: int) -> list[int]:
    """A crowd that comes at once; how many had come when each was answered."""
    guests = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(CROWD)]
    for guest in guests:
        guest.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answers = [b"".join(iter(lambda guest=guest: guest.recv(4096), b"")) for guest in guests]
    return [int(answer.rpartition(b"\r\n\r\n")[2]) for answer in answers]
