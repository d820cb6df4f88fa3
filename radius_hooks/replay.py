"""Stores what FreeRADIUS has written down: `python -m radius_hooks.replay`, a part of `vestibule serve`.

Nothing is lost while this process, the hooks or the database are away: the files wait. A packet stored twice changes nothing.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from portal import models
from portal.access.nas import KnownNas, find_nas
from portal.access.packets import AccountingReport
from portal.core.config import load_settings
from portal.core.db import Database
from portal.core.logging import configure
from radius_hooks.accounting import keep
from radius_hooks.detail import Written
from radius_hooks.pace import Others, Pace
from radius_hooks.packets import BadPacket, accounting_report, read_attributes
from radius_hooks.spool import Batch, Spool

assert models  # foreign keys cross rooms

log = logging.getLogger(__name__)
LOOK_SECONDS = 0.2
AWAY_SECONDS = 1.0
POLITENESS = 10  # see nice(2): guests who come online now go first
_AWAY = (OperationalError, InterfaceError, PoolTimeout)


def run(spool: Spool, database: Database, stop: threading.Event, share: float = 1.0) -> None:
    """Read on until `stop` is set; `share` is what a backlog may take of the time while guests need the machine."""
    pace = Pace(share, Others())
    with spool.owned():
        while not stop.is_set():
            try:
                stored = _round(spool, database, pace)
            except _AWAY as error:
                log.error("database away: accounting waits", extra={"kind": type(error).__name__, "bytes": spool.waiting_bytes()})
                stop.wait(AWAY_SECONDS)
            else:
                if not stored:
                    spool.forget_refused()
                    stop.wait(LOOK_SECONDS)


def store_what_waits(spool: Spool, database: Database) -> int:
    """Store batches until nothing is left; how many packets that was. Raises when the database is away."""
    stored, pace = 0, Pace(1.0, lambda: 0.0)
    while found := _round(spool, database, pace):
        stored += sum(len(batch.packets) for batch in found)
    return stored


def _round(spool: Spool, database: Database, pace: Pace) -> list[Batch]:
    """Store what is fresh, then, at its pace, a piece of what is late; returns both."""
    found = []
    if fresh := spool.fresh():
        _store(spool, database, fresh)
        found.append(fresh)
    if pace.may_go_on() and (late := spool.late()):
        _store(spool, database, late)
        pace.worked()
        found.append(late)
    return found


def _store(spool: Spool, database: Database, batch: Batch) -> None:
    """All in one transaction; one by one when one of them cannot be stored at all."""
    began = time.monotonic()
    try:
        refused = _keep(database, batch.packets)
    except _AWAY:
        raise
    except DBAPIError as error:
        log.error("a batch was refused", extra={"kind": type(error).__name__, "packets": len(batch.packets)})
        refused = [packet for packet in batch.packets if not _is_kept(database, packet)]
    for packet in refused:
        spool.put_aside(packet)
    if refused:
        log.error("accounting put aside", extra={"packets": len(refused), "folder": str(spool.folder)})
    spool.done(batch)
    log.info(
        "accounting stored",
        extra={"packets": len(batch.packets), "refused": len(refused), "ms": round((time.monotonic() - began) * 1000)},
    )


def _is_kept(database: Database, packet: Written) -> bool:
    try:
        return not _keep(database, [packet])
    except _AWAY:
        raise
    except DBAPIError:
        return False


def _keep(database: Database, packets: Sequence[Written]) -> list[Written]:
    """Store packets together; returns those that say nothing that can be stored."""
    refused: list[Written] = []
    with database.writing() as session:
        reports = []
        routers = _routers(session, {packet.nas_name for packet in packets})
        for packet in packets:
            report, nas = _report(packet), routers[packet.nas_name]
            if report is None or nas is None:
                refused.append(packet)
            else:
                reports.append((nas, report, datetime.fromtimestamp(packet.received_at, UTC)))
        keep(session, reports)
    return refused


def _routers(session: Session, names: set[str]) -> dict[str, KnownNas | None]:
    return {name: find_nas(session, name) for name in names}


def _report(packet: Written) -> AccountingReport | None:
    try:
        return accounting_report(read_attributes(packet.body))
    except BadPacket:
        return None


def main() -> None:
    """For `vestibule serve`."""
    settings = load_settings()
    configure(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    os.nice(POLITENESS)
    database = Database(settings.url_of_database, pool_size=2)
    run(Spool(settings.accounting_spool), database, stop, settings.backlog_percent / 100)


if __name__ == "__main__":
    main()
