"""FreeRADIUS' own rlm_sql on the same PostgreSQL, with its stock schema and queries: no web server, no rules, no venues."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from bench.radius_load import PASSWORD

STOCK = Path("/etc/freeradius/3.0/mods-config/sql/main/postgresql")
SECRET = "bench-secret-0123456789abcdef"
_CONF = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
pidfile = {folder}/radiusd.pid
raddbdir = {folder}
max_requests = 16384
log {{
    destination = stdout
}}
thread pool {{
    start_servers = {threads}
    max_servers = {threads}
    min_spare_servers = 1
    max_spare_servers = {threads}
}}
client bench {{
    ipaddr = 127.0.0.1
    secret = {secret}
}}
modules {{
    expr {{
    }}
    pap {{
    }}
    sql {{
        driver = "rlm_sql_postgresql"
        dialect = "postgresql"
        server = "{host}"
        login = "postgres"
        radius_db = "{database}"
        acct_table1 = "radacct"
        acct_table2 = "radacct"
        postauth_table = "radpostauth"
        authcheck_table = "radcheck"
        groupcheck_table = "radgroupcheck"
        authreply_table = "radreply"
        groupreply_table = "radgroupreply"
        usergroup_table = "radusergroup"
        client_table = "nas"
        default_user_profile = ""
        read_groups = yes
        read_profiles = yes
        sql_user_name = "%{{User-Name}}"
        group_attribute = "SQL-Group"
        pool {{
            start = {threads}
            min = {threads}
            max = {threads}
            spare = {threads}
        }}
        $INCLUDE {stock}/queries.conf
    }}
}}
server bench {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {auth}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {acct}
    }}
    authorize {{
        sql
        pap
    }}
    authenticate {{
        Auth-Type PAP {{
            pap
        }}
    }}
    accounting {{
        update request {{
            &NAS-IP-Address := "%{{Packet-Src-IP-Address}}"
        }}
        sql
    }}
}}
"""


def missing() -> str | None:
    """Why it cannot be compared with here, or None."""
    if not list(Path("/usr/lib/freeradius").glob("rlm_sql_postgresql.so")):
        return "rlm_sql_postgresql is not installed (apt-get install freeradius-postgresql)"
    return None if (STOCK / "queries.conf").exists() else f"no stock queries in {STOCK}"


def prepare(url: str, users: Sequence[str]) -> None:
    """The stock tables in an empty database, with these users and one password."""
    with psycopg.connect(_where(url), autocommit=True) as connection:
        connection.execute((STOCK / "schema.sql").read_bytes())
        connection.cursor().executemany(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES (%s, 'Cleartext-Password', ':=', %s)",
            [(user, PASSWORD) for user in users],
        )
        connection.execute("ANALYZE")


@contextmanager
def running(url: str, ports: tuple[int, int], threads: int) -> Iterator["subprocess.Popen[bytes]"]:
    """FreeRADIUS before these tables. `ports`: of authorization and of accounting."""
    where = make_url(url)
    with tempfile.TemporaryDirectory(prefix="rlm-sql-") as folder:
        conf = _CONF.format(
            folder=folder, threads=threads, secret=SECRET, host=where.query["host"], database=where.database,
            stock=STOCK, auth=ports[0], acct=ports[1],
        )  # fmt: skip
        Path(folder, "radiusd.conf").write_text(conf)
        Path(folder, "dictionary").write_text("")
        log = Path(folder, "server.log")
        with log.open("wb") as out:
            server = subprocess.Popen(["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", folder], stdout=out, stderr=out)
        try:
            wait_ready(log, server)
            yield server
        finally:
            server.terminate()
            server.wait(10)


def wait_ready(log: Path, server: "subprocess.Popen[bytes]") -> None:
    """Until FreeRADIUS says so. Raises with the end of its log when it ends instead."""
    deadline = time.monotonic() + 15
    while "Ready to process requests" not in log.read_text("utf-8", "replace"):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"FreeRADIUS did not start:\n{log.read_text('utf-8', 'replace')[-1500:]}")
        time.sleep(0.02)


def _where(url: str) -> str:
    where = make_url(url)
    return f"host={where.query['host']} user=postgres dbname={where.database}"
