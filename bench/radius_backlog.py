"""A gigabyte of accounting that waited, stored while devices go on coming online."""

import os
import time
from dataclasses import dataclass

from bench import radius, servers
from bench.radius_server import HOOKS_PORT, Rig, freeradius
from radius_hooks.spool import Spool

MEGABYTES = 1000
SESSIONS = 40_000
PACKET = (  # as raddb/detail.conf.in writes it
    '#\n{at} {nas} {{"Acct-Status-Type":"Interim-Update","Acct-Session-Id":"backlog-{n:08x}","User-Name":"{user}-{n:x}",'
    '"Calling-Station-Id":"02-00-5E-10-00-01","Framed-IP-Address":"10.1.2.3","Acct-Delay-Time":0,'
    '"Acct-Session-Time":{seconds},"Acct-Input-Octets":{seconds},"Acct-Input-Gigawords":0,"Acct-Output-Octets":{seconds},'
    '"Acct-Output-Gigawords":0,"Event-Timestamp":"Nov 22 2026 09:00:00 UTC",'
    '"Class":"0x3635776b4e6d7a5a4f6c6e6d4f7a5a4b4c6a"}}\n#\n'
)


@dataclass(frozen=True)
class Backlog:
    """`share`: what live authorize keeps of its rate while the backlog is stored."""

    megabytes: float
    packets: int
    seconds: float
    share: float


def measure(rig: Rig) -> Backlog:
    """Alone, during the replay, alone again; then the rest of the backlog."""
    spool = Spool(rig.settings.accounting_spool)
    size, packets = _write(rig)
    with servers.running("radius_hooks.wsgi:app", rig.environment, rig.log, HOOKS_PORT), freeradius(rig) as ports:
        alone = [radius.authorize(rig, ports).rate]
        began = time.perf_counter()
        reader = radius.start_reader(rig)
        try:
            time.sleep(3)
            during = [radius.authorize(rig, ports).rate for _ in range(5)]
            if spool.waiting_bytes() == 0:
                raise RuntimeError("the backlog was over before it could disturb anybody")
            while Spool(rig.settings.accounting_spool).waiting_bytes() > 1000:
                if reader.poll() is not None:
                    raise RuntimeError(f"the reader ended; see {rig.log}")
                time.sleep(0.2)
        finally:
            seconds = time.perf_counter() - began
            reader.terminate()
            reader.wait(15)
        alone.append(radius.authorize(rig, ports).rate)
    return Backlog(size / 1e6, packets, seconds, sorted(during)[2] / (sum(alone) / 2))


def _write(rig: Rig) -> tuple[int, int]:
    """Sessions' interim updates, round after round, until there is enough."""
    folder = rig.settings.accounting_spool
    size = packets = number = 0
    at = int(time.time()) - 86_400
    while size < MEGABYTES * 1_000_000:
        file = folder / f"detail-20260101{number:04d}"
        with file.open("w", encoding="ascii") as out:
            for n in range(SESSIONS):
                user = rig.online[n % len(rig.online)].user_name
                size += out.write(PACKET.format(at=at + number, nas=rig.router.name, n=n, user=user, seconds=600 * number))
        os.utime(file, (at, at))  # it is of yesterday
        packets += SESSIONS
        number += 1
    return size, packets
