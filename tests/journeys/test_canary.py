"""A21: the canary of the whole run finds what is planted for it, and a run with a find fails."""

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.canary import SECRETS, Canary, found_in, found_in_files

ROOT = Path(__file__).parents[2]
LEAK = """
import logging

def test_that_leaks(tmp_path):
    logging.getLogger("portal.anything").debug("a form came", extra={"typed": "8 (903) 123-45-67"})
    (tmp_path / "worker.log").write_text("sending to 8 (903) 123-45-67")
"""


def said(message: str, *args: object, **extra: object) -> Canary:
    """A canary that has heard one record and knows one code."""
    canary = Canary(codes={"804913"})
    record = logging.getLogger("portal").makeRecord("portal", logging.DEBUG, "file", 1, message, args, None, extra=extra or None)
    canary.see(record)
    return canary


@pytest.mark.parametrize(
    "text",
    [
        "+79031234567", "89031234567", "8 (903) 123-45-67", "9031234567", "903.123.45.67",
        "code 804913.", "Код: 804913", "'804913'", *SECRETS.values(), *(f"key={secret};" for secret in SECRETS.values()),
    ],
)  # fmt: skip
def test_a21_a_planted_secret_is_found_wherever_it_stands(text: str) -> None:
    assert said(text).finds()
    assert said("%s failed", text).finds()
    assert said("failed", typed={"form": [text]}).finds()


def test_a21_a_secret_in_an_exception_is_found() -> None:
    canary = Canary()
    try:
        raise RuntimeError("no room for +7 903 123-45-67")
    except RuntimeError:
        record = logging.getLogger("portal").makeRecord("portal", logging.ERROR, "f", 1, "broken", (), sys.exc_info())
    canary.see(record)
    assert len(canary.finds()) == 1


@pytest.mark.parametrize(
    "text", ["+7 ••• ••• 45-67", "804914", "1804913", "804913-ab", "12:00:01.804913", "/verify/x804913", "89031234568", "7 903"]
)
def test_a21_what_is_no_secret_is_no_find(text: str) -> None:
    assert said(text).finds() == []


def test_a21_a_log_and_a_queue_of_another_process_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/worker.log").write_text("sent to +79031234567")
    (tmp_path / "queue.db-wal").write_bytes(b"\x00\xff[1, [" + SECRETS["secret_key"].encode())
    (tmp_path / "vestibule.db").write_text("+79031234567")  # the database is where phones live
    assert len(found_in_files(tmp_path)) == 2
    for path in (tmp_path / "deep/worker.log", tmp_path / "queue.db-wal"):
        path.unlink()  # or this very run would fail
    assert found_in("nothing") == []


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a21_a_run_with_a_leak_fails_and_says_where(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_leak.py").write_text(LEAK)
    run = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest", f"-n{workers}"]
    inside = [str(tmp_path / "test_leak.py"), f"--basetemp={tmp_path / 'own'}"]
    done = subprocess.run([*run, *inside], cwd=ROOT, capture_output=True, text=True, check=False)
    shutil.rmtree(tmp_path / "own")  # or this very run would fail
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "test_that_leaks: the phone in: portal.anything" in done.stdout
    assert re.search(r"the phone in .*/worker\.log", done.stdout)
