"""A private PostgreSQL: own folder, own socket, no TCP; started by the tests and stopped by them."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _scratch() -> str:
    """Memory where there is plenty: every test makes a database, and drops it."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30 else "/tmp"


def missing() -> str | None:
    """Why it cannot run here, or None."""
    return None if BINARIES else "PostgreSQL is not installed (apt-get install postgresql)"


class PrivatePostgres:
    """`url(name)` is a SQLAlchemy URL; databases are cloned from a template in some 40 ms."""

    def __init__(self, durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vestibule-pg-", dir="/tmp" if durable else _scratch()))
        self._as: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        self._settings = [] if durable else ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        self._start()

    def restart(self, seconds_away: float = 0.0) -> None:
        """Stop it, cutting every connection, and start it on the same data."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(20)
        time.sleep(seconds_away)
        self._start()

    def url(self, name: str) -> str:
        """SQLAlchemy URL of a database of this server."""
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def sql(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        import psycopg

        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)
        Path(f"{self.folder}.log").unlink(missing_ok=True)

    def _start(self) -> None:
        pdeath = ["--pdeathsig=SIGINT"] if self._as else []
        self._server = subprocess.Popen(
            [*self._as, *pdeath, str(BINARIES[0] / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder),
             "-c", "listen_addresses=", "-c", "max_connections=300", *self._settings],
            cwd="/", stdout=subprocess.DEVNULL, stderr=(self.folder.parent / f"{self.folder.name}.log").open("ab"),
        )  # fmt: skip
        self._wait()

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([*self._as, str(BINARIES[0] / name), *arguments], check=True, cwd="/", capture_output=True)

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + 20
        while True:
            try:
                return self.sql("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._server.poll() is not None:
                    raise
                time.sleep(0.02)
