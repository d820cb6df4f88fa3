"""RADIUS: FreeRADIUS with the configuration we write, against the same FreeRADIUS before a constant answer.

The same gunicorn, workers and threads on both sides. The baseline answers authorize and accounting behind rlm_rest and forgets;
our accounting goes through the spool and counts once it is in the database. Beside them rlm_sql on the same PostgreSQL, which
no web server stands in front of. Rounds outermost; the load is a closed loop of prebuilt packets (`bench/radius_load.py`).
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select

from bench import radius_backlog, radius_sql, servers
from bench.processors import Programs, microseconds
from bench.radius_load import PASSWORD, Load, access_packets, accounting_packets, device, drive
from bench.radius_server import HOOKS_PORT, Ports, Rig, freeradius
from portal import models
from portal.access import grants
from portal.access.models import AccountingSession
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.mac import Mac
from portal.core.migrations import migrate
from portal.venues.models import Nas
from tests.support.access import make_grant
from tests.support.house import build_house
from tests.support.radius import free_port

assert models  # foreign keys cross rooms
REQUIRED = {"authorize": 0.60, "accounting": 0.40, "authorize during replay": 0.80}
TITLES = {"authorize": "authorize", "accounting": "accounting until in the database"}
SECONDS = 4.0
IN_FLIGHT = 32
DEVICES = 2000
PROGRAMS = {"FreeRADIUS": "/usr/sbin/freeradius", "gunicorn": "127.0.0.1:{port}", "PostgreSQL": "postgres {database} "}
Found = dict[str, float]  # by name: rates per second, seconds, microseconds


def prepare(folder: Path, settings: Settings, environment: Mapping[str, str], rlm_sql: str = "") -> Rig:
    """A fresh database with one café and devices that were let in; `rlm_sql` is the URL of an empty one for FreeRADIUS' own."""
    database = Database(settings.url_of_database)
    migrate(database.engine)
    now = utcnow()
    with database.writing() as session:
        house = build_house(session)
    with database.writing() as session:
        granted = [make_grant(session, house, now, mac=Mac(device(n).replace("-", "").lower())) for n in range(DEVICES)]
        router = session.get_one(Nas, house.nas_id)
        session.expunge(router)
    asking, online = granted[: DEVICES // 2], granted[DEVICES // 2 :]
    if rlm_sql:
        radius_sql.prepare(rlm_sql, [grant.user_name for grant in asking])
    return Rig(settings, database, dict(environment), folder, router, asking, online, rlm_sql)


def measure(rig: Rig, rounds: int) -> bool:
    """Print the table; False when a ratio is below what is required."""
    tries = []
    for number in range(rounds):
        tries.append(_round(rig))
        print(f"RADIUS round {number + 1} of {rounds} done", file=sys.stderr)
    good = True
    print(
        f"\nRADIUS on PostgreSQL, {rig.settings.web_workers} × {rig.settings.web_threads} threads, {IN_FLIGHT} packets in flight"
    )
    print(f"{'question':<32}{'per second':>12}{'baseline':>12}{'ratio':>8}{'required':>10}  rounds")
    for name in TITLES:
        good = _line(name, tries) and good
    print("not gated:")
    print(f"  authorize at half load, p99   {statistics.median(one['p99'] for one in tries) * 1000:.1f} ms")
    _print_costs(tries)
    _print_rlm_sql(tries)
    backlog = radius_backlog.measure(rig)
    required = REQUIRED["authorize during replay"]
    rate = backlog.packets / backlog.seconds
    print(f"  replay of {backlog.megabytes:.0f} MB: {backlog.packets} packets in {backlog.seconds:.0f} s, {rate:.0f}/s")
    print(f"    meanwhile live authorize kept {backlog.share:.2f} of its rate (required {required:.2f})")
    return good and backlog.share >= required


def _print_costs(tries: list[Found]) -> None:
    """What bounds it: whoever takes most of the processors while they are full."""
    for name, title in (("authorize", "an answer of authorize"), ("authorize baseline", "a constant answer")):
        parts = {part: statistics.median(one[f"{name}: {part}"] for one in tries) for part in PROGRAMS}
        parts["load generator"] = statistics.median(one[f"{name}: load generator"] for one in tries)
        print(f"  {title:<30}" + ", ".join(f"{part} {cost:.0f} µs" for part, cost in parts.items()))
        bound = max(parts, key=lambda part: parts[part])
        print(f"    bounded by {bound}: {parts[bound] / sum(parts.values()):.0%} of the processor time of an answer")


def _print_rlm_sql(tries: list[Found]) -> None:
    if radius_sql.missing():
        print(f"  no ratio to rlm_sql: {radius_sql.missing()}")
        return
    for name in ("authorize", "accounting"):
        ratio = statistics.median(one[name] / one[f"{name} rlm_sql"] for one in tries)
        theirs = statistics.median(one[f"{name} rlm_sql"] for one in tries)
        print(f"  {name} to rlm_sql             {ratio:.2f} of its {theirs:.0f}/s")


def _line(name: str, tries: list[Found]) -> bool:
    ratios = [one[name] / one[f"{name} baseline"] for one in tries]
    ratio = statistics.median(ratios)
    ours, theirs = (statistics.median(one[key] for one in tries) for key in (name, f"{name} baseline"))
    good = ratio >= REQUIRED[name]
    each = " ".join(f"{one:.2f}" for one in ratios) + ("" if good else "  TOO SLOW")
    print(f"{TITLES[name]:<32}{ours:>12.0f}{theirs:>12.0f}{ratio:>8.2f}{REQUIRED[name]:>10.2f}  {each}")
    return good


def _round(rig: Rig) -> Found:
    found: Found = {}
    with (
        servers.running("bench.radius_baseline:app", rig.environment, rig.log, HOOKS_PORT),
        freeradius(rig, baseline=True) as ports,
    ):
        _watched(rig, ports, found, "authorize baseline", constant=True)
        found["accounting baseline"] = _answered(rig, ports)
    with servers.running("radius_hooks.wsgi:app", rig.environment, rig.log, HOOKS_PORT), freeradius(rig) as ports:
        full = _watched(rig, ports, found, "authorize")
        found["p99"] = authorize(rig, ports, pace=full.rate / 2).percentile(0.99)
        found["accounting"] = _spooled(rig, ports)
    if rig.rlm_sql:
        found |= _rlm_sql(rig)
    return found


def _watched(rig: Rig, ports: Ports, found: Found, name: str, constant: bool = False) -> Load:
    """Put the rate down, and what an answer cost whom."""
    programs = Programs({part: mark.format(port=HOOKS_PORT, database=rig.name) for part, mark in PROGRAMS.items()})
    before = programs.seconds() | {"load generator": time.process_time()}
    load = authorize(rig, ports, constant=constant)
    after = programs.seconds() | {"load generator": time.process_time()}
    found |= {f"{name}: {part}": cost for part, cost in microseconds(before, after, load.answered).items()}
    found[name] = load.rate
    return load


def _rlm_sql(rig: Rig) -> Found:
    ports = (free_port(), free_port())
    users = [grant.user_name for grant in rig.asking]
    with radius_sql.running(rig.rlm_sql, ports, rig.settings.web_workers * rig.settings.web_threads):
        asked = access_packets(radius_sql.SECRET, [(user, PASSWORD) for user in users], int(SECONDS * 5000))
        reported = accounting_packets(radius_sql.SECRET, users, int(SECONDS * 5000))
        return {
            "authorize rlm_sql": drive(ports[0], asked, 2, SECONDS, IN_FLIGHT).rate,
            "accounting rlm_sql": drive(ports[1], reported, 5, SECONDS, IN_FLIGHT).rate,
        }


def authorize(rig: Rig, ports: Ports, pace: float = 0.0, constant: bool = False) -> Load:
    """Access-Requests of devices that were let in; every answer must be an Access-Accept."""
    made = [grants.login(grant, utcnow()) for grant in rig.asking]  # good for two minutes
    logins = [(one.user_name, PASSWORD if constant else one.password) for one in made]
    packets = access_packets(rig.router.secret, logins, int(SECONDS * 5000))
    return drive(ports.auth, packets, 2, SECONDS, IN_FLIGHT, pace)


def _names(rig: Rig) -> list[str]:
    return [grants.login(grant, utcnow()).user_name for grant in rig.online]


def _answered(rig: Rig, ports: Ports) -> float:
    """Packets a second that the baseline answers."""
    packets = accounting_packets(rig.router.secret, _names(rig), int(SECONDS * 5000))
    return drive(ports.acct, packets, 5, SECONDS, IN_FLIGHT).rate


def _spooled(rig: Rig, ports: Ports) -> float:
    """Packets a second from the first sending until the last one is in the database."""
    before = _stored(rig)
    reader = start_reader(rig)
    began = time.perf_counter()
    packets = accounting_packets(rig.router.secret, _names(rig), 12_000)
    try:
        load = drive(ports.acct, packets, 5, 60.0, IN_FLIGHT)
        while _stored(rig) < before + 3_000:
            if time.perf_counter() - began > 120:
                raise RuntimeError("accounting that was answered did not arrive in the database")
            time.sleep(0.02)
        return load.answered / (time.perf_counter() - began)
    finally:
        reader.terminate()
        reader.wait(15)


def start_reader(rig: Rig) -> "subprocess.Popen[bytes]":
    """The process of `vestibule serve` that stores what FreeRADIUS has written down."""
    with rig.log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "radius_hooks.replay"], env={**os.environ, **rig.environment}, stdout=out, stderr=out
        )


def _stored(rig: Rig) -> int:
    with rig.database.reading() as session:
        return session.scalar(select(func.count()).where(AccountingSession.stopped_at.is_not(None))) or 0
