"""FreeRADIUS with the configuration that we write, for the bench, and what every run of it needs."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import radius_sql
from portal.access.models import AccessGrant
from portal.cli import raddb
from portal.core.config import Settings
from portal.core.db import Database
from portal.venues.models import Nas
from tests.support.radius import free_port

HOOKS_PORT = 21810


@dataclass(frozen=True)
class Rig:
    """What every run needs. The devices of `asking` only ask; those of `online` account: a session's start spends a login."""

    settings: Settings
    database: Database
    environment: dict[str, str]
    folder: Path
    router: Nas
    asking: list[AccessGrant]
    online: list[AccessGrant]
    rlm_sql: str = ""  # URL of its database, where it can be compared with

    @property
    def name(self) -> str:
        """Of the database."""
        return self.database.engine.url.database or ""

    @property
    def log(self) -> Path:
        """Where servers write."""
        return self.folder / "radius.log"


@dataclass(frozen=True)
class Ports:
    """Of one running FreeRADIUS."""

    auth: int
    acct: int
    spool: Path


@contextmanager
def freeradius(rig: Rig, baseline: bool = False) -> Iterator[Ports]:
    """Our configuration; for the `baseline` with rlm_rest for accounting too: its constant answer stands behind both."""
    folder = Path(tempfile.mkdtemp(prefix="raddb-", dir=rig.folder))
    ports = Ports(free_port(), free_port(), rig.settings.accounting_spool)
    threads = rig.settings.web_workers * rig.settings.web_threads
    secret = rig.settings.radius_hook_secret.get_secret_value()
    around = raddb.Surroundings(f"http://127.0.0.1:{HOOKS_PORT}", secret, ports.spool, threads)
    raddb.write(folder, [rig.router], around, raddb.Listening("127.0.0.1", ports.auth, ports.acct))
    if baseline:
        _ask_baseline_for_accounting(folder)
    with (folder / "server.log").open("wb") as out:
        server = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", str(folder)], stdout=out, stderr=out)
        try:
            radius_sql.wait_ready(folder / "server.log", server)
            yield ports
        finally:
            server.terminate()
            server.wait(10)


def _ask_baseline_for_accounting(folder: Path) -> None:
    """One call of `bench/radius_baseline.py` a packet in place of the spool."""
    rest = (folder / "rest.conf").read_text()
    section = (
        f'    accounting {{\n        uri = "http://127.0.0.1:{HOOKS_PORT}/accounting/%{{client:shortname}}"\n'
        '        method = "post"\n        body = "json"\n        timeout = 2.0\n    }\n\n    pool {'
    )
    (folder / "rest.conf").write_text(rest.replace("    pool {", section, 1))
    site = (folder / "site.conf").read_text()
    head, _, tail = site.partition("    accounting {\n")
    ours = "    accounting {\n        hook_secret\n        rest\n    }\n}\n\nserver"
    (folder / "site.conf").write_text(head + ours + tail.partition("\nserver")[2])
