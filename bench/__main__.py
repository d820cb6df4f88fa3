"""`python -m bench [--rounds 5] [--only reports [--full]]`: the table of ratios; exits 1 when one is below what is required."""

import argparse
import shutil
import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg

from bench import radius, radius_sql, reports, rounds, waiting, world
from bench.radius_server import Rig
from bench.rounds import Side
from portal.core import demo_secrets
from portal.core.config import Settings
from tests.support.postgres import PrivatePostgres
from tests.support.postgres import missing as postgres_missing

# request → the required share of its baseline: a bare page for the landing, a bare insert for all others
REQUIRED = {"landing": 0.60, "seen": 0.30, "phone": 0.30, "code page": 0.30, "code": 0.30, "card": 0.30}
NAMES = {
    "landing": "GET /s/<code>", "seen": "GET /seen/<token>", "phone": "POST /signup", "code page": "GET /verify/<token>",
    "code": "POST /verify/<token>", "card": "GET /c/<token>",
}  # fmt: skip


def main() -> None:
    """Both databases, rounds outermost."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("requests", "radius", "reports"), help="one part of it")
    parser.add_argument(
        "--full", action="store_true", help="reports also over a year of ten million visits: some ten minutes each"
    )
    asked = parser.parse_args()
    wanted = [asked.only] if asked.only else ["requests", "radius", "reports"]
    if postgres_missing():
        sys.exit(f"{postgres_missing()}: the bench measures both databases")
    folder = Path(tempfile.mkdtemp(prefix="vestibule-bench-"))
    server = PrivatePostgres(durable=True)
    try:
        good = []
        if "requests" in wanted:
            sides = {"SQLite": _sqlite(folder), "PostgreSQL": _postgres(folder, server)}
            good += [_compare(name, side, asked.rounds) for name, side in sides.items()]
        if "radius" in wanted:
            good.append(radius.measure(_radius(folder, server), asked.rounds))
        if "reports" in wanted:
            good.append(reports.measure(folder, server, asked.rounds, asked.full))
        shutil.rmtree(folder)
    finally:
        server.stop()
    sys.exit(0 if all(good) else 1)


def _compare(name: str, side: Side, count: int) -> bool:
    settings = side.settings
    print(f"\n{name}, {world.VENUES} cafés, {settings.web_workers} processes × {settings.web_threads} threads, 16 connections")
    waits = waiting.measure(side)  # first: afterwards the queue is full of the rounds' messages
    tries = []
    for number in range(count):
        tries.append(rounds.once(side))
        print(f"round {number + 1} of {count} done", file=sys.stderr)
    print(f"{'request':<24}{'per second':>12}{'baseline':>12}{'ratio':>8}{'required':>10}  rounds")
    good = True
    for request, required in REQUIRED.items():
        pairs = [one.pairs[request] for one in tries]
        ratio = statistics.median(pair.ratio for pair in pairs)
        ours, theirs = (statistics.median(getattr(pair, name) for pair in pairs) for name in ("ours", "theirs"))
        good = good and ratio >= required
        each = " ".join(f"{pair.ratio:.2f}" for pair in pairs) + ("" if ratio >= required else "  TOO SLOW")
        print(f"{NAMES[request]:<24}{ours:>12.0f}{theirs:>12.0f}{ratio:>8.2f}{required:>10.2f}  {each}")
    memory = statistics.median(one.memory for one in tries)
    cold = statistics.median(one.cold_start for one in tries)
    print("not gated:")
    print(f"  commit to sender's call  {waits['commit to sender']:.0f} ms (p95)")
    print(f"  code to grant            {waits['code to grant']:.0f} ms (p95)")
    print(f"  memory of the portal     {memory:.0f} MiB (proportional share of all its processes)")
    print(f"  cold start               {cold:.2f} s")
    return good


def _radius(folder: Path, server: PrivatePostgres) -> Rig:
    for name in ("radius", "rlm_sql"):
        server.sql(f"CREATE DATABASE {name}")
    settings, environment = _settings(folder / "radius", server.url("radius"))
    return radius.prepare(folder, settings, environment, "" if radius_sql.missing() else server.url("rlm_sql"))


def _sqlite(folder: Path) -> Side:
    baseline = folder / "sqlite" / "baseline.db"
    side = _side(baseline.parent, "", str(baseline))
    # before the threads come: switching a file to WAL waits for nobody and would fail in all of them but one
    with closing(sqlite3.connect(baseline)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE guest (id INTEGER PRIMARY KEY, phone TEXT NOT NULL, mac TEXT NOT NULL)")
    return side


def _postgres(folder: Path, server: PrivatePostgres) -> Side:
    for name in ("bench", "baseline"):
        server.sql(f"CREATE DATABASE {name}")
    where = f"host={server.folder} user=postgres dbname=baseline"
    with psycopg.connect(where) as connection:
        connection.execute("CREATE TABLE guest (id bigserial PRIMARY KEY, phone text NOT NULL, mac text NOT NULL)")
    return _side(folder / "postgresql", server.url("bench"), where)


def _side(folder: Path, url: str, baseline: str) -> Side:
    settings, environment = _settings(folder, url)
    database, places = world.build(settings)
    return Side(settings, database, places, environment | {"BASELINE_DATABASE": baseline}, folder / "server.log")


def _settings(folder: Path, url: str) -> tuple[Settings, dict[str, str]]:
    demo_secrets.ensure(folder)
    values = {
        "DEMO": "true", "DATA_DIR": str(folder), "DATABASE_URL": url, "TRUSTED_PROXIES": "1", "LOG_LEVEL": "INFO",
    }  # fmt: skip
    environment = {f"VESTIBULE_{name}": value for name, value in values.items()}
    settings = Settings(_env_file=folder / demo_secrets.FILE, demo=True, data_dir=folder, database_url=url, trusted_proxies=1)  # type: ignore[call-arg]
    return settings, environment


main()
