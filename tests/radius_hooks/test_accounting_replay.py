"""Accounting is written down, answered and stored later: nothing lost, nothing twice, whatever ends in between."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.access.models import AccessGrant, AccountingSession
from portal.acquisition.models import Visit
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from radius_hooks import replay
from radius_hooks.detail import Written
from radius_hooks.spool import Spool
from tests.conftest import skip_or_fail
from tests.support.access import PHONE_MAC, make_grant, make_visit
from tests.support.house import House
from tests.support.programs import wait_until
from tests.support.radius import PrivateRadius, missing
from tests.support.radius_packets import ACCOUNTING_RESPONSE, INTERIM, START, STOP, accounting_request, ask_all

pytestmark = pytest.mark.freeradius
MINE = f'Calling-Station-Id = "{PHONE_MAC.dashes}"'


@pytest.fixture
def server(settings: Settings, database: Database, house: House) -> Iterator[PrivateRadius]:
    """FreeRADIUS alone: no hooks stand."""
    reason = missing()
    if reason:
        skip_or_fail(reason)
    running = PrivateRadius(settings, database, "http://127.0.0.1:9")
    yield running
    running.stop()


def rows(database: Database) -> list[AccountingSession]:
    with database.reading() as session:
        return list(session.scalars(select(AccountingSession).order_by(AccountingSession.acct_session_id)))


def record(number: int, status: str, session: str, nas: str, octets: int = 0, seconds: int = 0) -> str:
    """A packet as FreeRADIUS writes it, as large as a router's usually are."""
    attributes = {
        "Acct-Status-Type": status, "NAS-Port-Type": "Wireless-802.11", "Calling-Station-Id": "02-AA-BB-CC-DD-01",
        "Called-Station-Id": "00-11-22-33-44-55:Cafe guests", "NAS-Port-Id": "00000001", "User-Name": f"nobody-{session}",
        "Acct-Session-Id": session, "Framed-IP-Address": "10.1.2.3", "Acct-Session-Time": seconds,
        "Acct-Input-Octets": octets, "Acct-Input-Gigawords": 0, "Acct-Output-Octets": octets * 2,
        "Acct-Output-Gigawords": 0, "Acct-Input-Packets": 100, "Acct-Output-Packets": 200, "NAS-Identifier": "cafe",
        "NAS-IP-Address": "192.0.2.1", "Acct-Delay-Time": 0, "Message-Authenticator": "0x" + "5d" * 16,
    }  # fmt: skip
    return f"#\n{number} {nas} {json.dumps(attributes)}\n#\n"


def test_it_is_answered_without_hooks_and_stored_once_under_retransmission(
    server: PrivateRadius, database: Database, house: House
) -> None:
    before = utcnow() - timedelta(seconds=2)  # what is received is timed in whole seconds
    with database.writing() as session:
        visit = make_visit(session, house, before, verified=True)
        grant = make_grant(session, house, before, visit_id=visit)
    lines = [f'User-Name = "{grant.user_name}"', 'Acct-Session-Id = "s1"', MINE, "Framed-IP-Address = 10.0.0.9"]
    for _ in range(3):
        answer = server.account("Acct-Status-Type = Start", *lines)
        assert answer.startswith("Accounting-Response") and "Message-Authenticator" in answer.splitlines()[1]
    assert server.replay() == 3 and server.replay() == 0
    stop = ["Acct-Session-Time = 60", "Acct-Input-Octets = 10", "Acct-Output-Octets = 20", "Acct-Output-Gigawords = 1"]
    for _ in range(2):
        server.account("Acct-Status-Type = Stop", *lines, *stop, "Acct-Terminate-Cause = User-Request")
    assert server.replay() == 2
    (row,) = rows(database)
    assert (row.grant_id, row.session_seconds, row.input_octets, row.output_octets) == (grant.id, 60, 10, (1 << 32) + 20)
    assert row.stopped_at is not None and row.terminate_cause == "User-Request"
    assert abs((row.stopped_at - datetime.now(UTC)).total_seconds()) < 60  # when it was received, not when it was stored
    with database.reading() as session:
        assert session.scalar(select(Visit.online_at)) is not None


def test_a_restarted_router_closes_its_sessions(server: PrivateRadius, database: Database, grant: AccessGrant) -> None:
    server.account("Acct-Status-Type = Start", f'User-Name = "{grant.user_name}"', 'Acct-Session-Id = "s1"', MINE)
    time.sleep(1.1)  # a router takes longer to come up again than the second that times are told in
    assert server.account("Acct-Status-Type = Accounting-On", 'Acct-Session-Id = "boot"').startswith("Accounting-Response")
    server.replay()
    assert rows(database)[0].terminate_cause == "NAS-Reboot"


def test_freeradius_killed_in_the_middle_loses_nothing_that_it_answered(
    server: PrivateRadius, database: Database, house: House
) -> None:
    packets = [
        accounting_request(n, server.secret, START, f"s{n:04d}", f"u{n}", PHONE_MAC.dashes) for n in range(1500)
    ]  # fmt: skip
    threading.Timer(0.05, server.kill).start()
    first = ask_all(server.acct_port, packets, again_after=1.0, tries=1)
    server.start()
    answered = {n for n, one in enumerate(first) if one.code == ACCOUNTING_RESPONSE}
    left = [packet for n, packet in enumerate(packets) if n not in answered]
    second = ask_all(server.acct_port, left, again_after=1.5, tries=4)
    assert all(one.code == ACCOUNTING_RESPONSE for one in second)
    server.replay()
    assert [row.acct_session_id for row in rows(database)] == [f"s{n:04d}" for n in range(1500)]


def test_a_full_disk_is_not_answered(server: PrivateRadius, settings: Settings, database: Database, house: House) -> None:
    if os.geteuid() != 0:
        skip_or_fail("a small disk can be mounted by root only")
    server.stop()
    small = settings.data_dir / "small"
    small.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(small)], check=True)
    try:
        server.__init__(settings, database, "http://127.0.0.1:9", spool=small)  # type: ignore[misc]
        packets = [accounting_request(n, server.secret, START, f"s{n:04d}", f"u{n}", PHONE_MAC.dashes) for n in range(400)]
        asked = [ask_all(server.acct_port, packets[n : n + 40], again_after=0.3, tries=1) for n in range(0, 400, 40)]
        answered = [one for batch in asked for one in batch if one.code is not None]
        assert 20 < len(answered) < 390
        server.replay()
        stored = {row.acct_session_id for row in rows(database)}
        assert {re.search(rb"s\d{4}", one.packet)[0].decode() for one in answered} <= stored  # type: ignore[index]
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_a_database_that_is_away_keeps_everything_waiting(
    server: PrivateRadius, settings: Settings, house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "AWAY_SECONDS", 0.05)
    packets = [accounting_request(n, server.secret, START, f"s{n}", f"u{n}", PHONE_MAC.dashes) for n in range(20)]
    assert all(one.code == ACCOUNTING_RESPONSE for one in ask_all(server.acct_port, packets))
    away = Database("postgresql+psycopg://nobody@/nothing?host=/nonexistent", pool_size=1)
    stop = threading.Event()
    trying = threading.Thread(target=replay.run, args=(Spool(server.spool), away, stop))
    trying.start()
    stop.wait(0.5)
    assert trying.is_alive()
    stop.set()
    trying.join(5)
    assert rows(database) == []
    assert server.replay() == 20 and len(rows(database)) == 20


def test_the_reader_killed_after_the_commit_stores_nothing_twice(
    settings: Settings, database: Database, house: House, grant: AccessGrant
) -> None:
    folder = settings.accounting_spool
    spool = Spool(folder)
    lines = [record(1795381000 + n, "Interim-Update", f"s{n % 7}", house.nas_name, 1000 + n, n) for n in range(700)]
    (folder / "detail-202611220900").write_text("".join(lines))
    first = spool.fresh()
    assert first
    replay._store(Spool(folder), database, first)
    (folder / "detail-202611220900.read").unlink()  # it was killed before it could note how far it had come
    before = {row.acct_session_id: (row.input_octets, row.session_seconds) for row in rows(database)}
    replay.store_what_waits(Spool(folder), database)
    after = {row.acct_session_id: (row.input_octets, row.session_seconds) for row in rows(database)}
    assert len(before) == len(after) == 7
    assert after == {f"s{k}": (1000 + n, n) for n in range(693, 700) for k in [n % 7]}


def test_a_router_of_many_words_is_understood_and_none_of_its_packets_vanishes(
    server: PrivateRadius, database: Database, house: House, settings: Settings
) -> None:
    """All its attributes together are longer than a line of linelog, which would cut them without a word."""
    words = [f'Reply-Message += "{number:02d}{"w" * 240}"' for number in range(15)]
    plain = ["Acct-Status-Type = Start", 'User-Name = "u1"', MINE, "Attr-26.14559.10 = 0x00000002"]
    assert server.account(*plain, 'Acct-Session-Id = "talkative"', *words).startswith("Accounting-Response")
    escaped = "\\001" * 250  # six bytes each as JSON
    names = [f'{name} = "{escaped}"' for name in ("User-Name", "Acct-Session-Id", "Calling-Station-Id")]
    server.account("Acct-Status-Type = Start", *names)
    server.account(*plain, 'Acct-Session-Id = "next"')
    assert server.replay() == 3
    assert [row.acct_session_id for row in rows(database)] == ["next", "talkative"]
    assert next(server.spool.glob("refused-*")).read_text().count("\n") == 1


def test_two_readers_do_not_meet(settings: Settings) -> None:
    spool = Spool(settings.accounting_spool)
    entered = threading.Event()

    def second() -> None:
        with Spool(settings.accounting_spool).owned():
            entered.set()

    with spool.owned():
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    assert entered.wait(5)
    thread.join()


def test_what_no_database_can_take_is_put_aside_and_holds_nothing_up(
    settings: Settings, database: Database, house: House
) -> None:
    folder = settings.accounting_spool
    spool = Spool(folder)
    lines = [
        record(1795381000, "Start", "good", house.nas_name), record(1795381000, "Start", "strange", "unknown-router"),
        f'1795381000 {house.nas_name} {{"User-Name": "x"}}\n',
        record(1795381001, "Start", "last", house.nas_name),
    ]  # fmt: skip
    (folder / "detail-202611220900").write_text("".join(lines))
    assert replay.store_what_waits(spool, database) == 4
    assert [row.acct_session_id for row in rows(database)] == ["good", "last"]
    aside = next(folder.glob("refused-*")).read_text()
    assert "unknown-router" in aside and aside.count("\n") == 2


def test_a_read_file_goes_once_freeradius_has_turned_to_the_next(settings: Settings, database: Database, house: House) -> None:
    folder = settings.accounting_spool
    spool = Spool(folder)
    old, new = folder / "detail-202611220900", folder / "detail-202611220901"
    old.write_text(record(1795381000, "Start", "a", house.nas_name))
    new.write_text(record(1795381060, "Start", "b", house.nas_name))
    os.utime(old, (0, 0))
    assert replay.store_what_waits(spool, database) == 2
    assert spool.files() == [new] and not list(folder.glob("detail-202611220900*"))


def test_a_file_that_goes_while_somebody_looks_is_nothing_that_waits(settings: Settings, house: House) -> None:
    spool = Spool(settings.accounting_spool)  # makes the folder
    kept, gone = (spool.folder / f"detail-20261122090{number}" for number in (0, 1))
    kept.write_text(record(1795381000, "Start", "a", house.nas_name))

    class Watched(Spool):
        def files(self) -> list[Path]:
            return [kept, gone]

    assert Watched(spool.folder).waiting_bytes() == kept.stat().st_size


def test_twenty_megabytes_are_stored_to_the_last_octet(
    settings: Settings, database: Database, house: House, tmp_path: Path
) -> None:
    """A night's backlog in the reader's own process, killed on its way; who comes online meanwhile does not wait for its end."""
    if database.is_sqlite:
        pytest.skip("once is enough: the large database is PostgreSQL's")
    folder = settings.accounting_spool
    Spool(folder)
    sessions, rounds = 4500, 8
    for turn in range(rounds):
        status = "Start" if turn == 0 else "Stop" if turn == rounds - 1 else "Interim-Update"
        lines = (
            record(1795300000 + 600 * turn, status, f"b{n:05d}", house.nas_name, 1000 * turn + n, 600 * turn)
            for n in range(sessions)
        )
        (folder / f"detail-20261122010{turn}").write_text("".join(lines))
    assert sum(file.stat().st_size for file in folder.glob("detail-*")) > 20_000_000
    reader = start_reader(settings, tmp_path / "first.log")
    assert wait_until(lambda: count(database) > 500, 30)
    reader.send_signal(signal.SIGKILL)
    reader.wait(10)
    (folder / "detail-202611220200").write_text(record(1795381000, "Start", "live", house.nas_name))
    reader = start_reader(settings, tmp_path / "second.log")
    try:
        assert wait_until(lambda: count(database, "live") == 1, 20)
        assert wait_until(lambda: Spool(folder).waiting_bytes() < 30, 60), (tmp_path / "second.log").read_text()[-3000:]
    finally:
        reader.terminate()
        assert reader.wait(15) == 0
    found = rows(database)
    assert len(found) == sessions + 1
    assert sum(row.input_octets for row in found) == sum(1000 * (rounds - 1) + n for n in range(sessions))
    assert {row.session_seconds for row in found if row.acct_session_id != "live"} == {600 * (rounds - 1)}


def count(database: Database, session_id: str | None = None) -> int:
    wanted = select(func.count()).select_from(AccountingSession)
    with database.reading() as session:
        return session.scalar(wanted.where(AccountingSession.acct_session_id == session_id) if session_id else wanted) or 0


def start_reader(settings: Settings, log: Path) -> "subprocess.Popen[bytes]":
    """`python -m radius_hooks.replay` as `vestibule serve` starts it."""
    own = {"DEMO": "true", "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.url_of_database}
    own["BACKLOG_PERCENT"] = "100"  # other tests are guests enough
    own |= {
        name.upper(): getattr(settings, name).get_secret_value()
        for name in ("secret_key", "identity_key", "radius_hook_secret", "metrics_token")
    }
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "radius_hooks.replay"], stdout=out, stderr=out,
            env=os.environ | {f"VESTIBULE_{name}": value for name, value in own.items()}, cwd=Path(__file__).parents[2],
        )  # fmt: skip


def test_lost_doubled_and_reordered_packets_come_to_the_right_totals(
    server: PrivateRadius, database: Database, house: House
) -> None:
    """Every packet three times, back to front and shuffled, over one socket."""
    import random

    packets = [
        accounting_request(n + 3 * k, server.secret, kind, f"s{n}", f"u{n}", PHONE_MAC.dashes, seconds, (octets, octets))
        for n in range(60)
        for k, (kind, seconds, octets) in enumerate(((START, 0, 0), (INTERIM, 300, 1000), (STOP, 400, 1500)))
    ] * 3
    random.Random(3).shuffle(packets)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", server.acct_port))
        line.settimeout(0.5)
        for packet in packets:
            line.send(packet)
            try:
                line.recv(4096)
            except TimeoutError:
                line.send(packet)
    server.replay()
    found = rows(database)
    assert len(found) == 60
    assert {(row.session_seconds, row.input_octets, row.stopped_at is not None) for row in found} == {(400, 1500, True)}


def test_what_was_put_aside_goes_after_a_month_and_never_fills_the_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(settings.accounting_spool)
    monkeypatch.setattr("radius_hooks.spool.REFUSED_BYTES", 300)
    for number in range(20):
        spool.put_aside(Written(1795381000, "router", b"x" * 90, number))
    (kept,) = spool.folder.glob("refused-*")
    assert 300 <= kept.stat().st_size < 500
    spool.forget_refused()
    assert kept.exists()
    long_ago = time.time() - 31 * 86_400
    os.utime(kept, (long_ago, long_ago))
    spool.forget_refused()
    assert not kept.exists()
