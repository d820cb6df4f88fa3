"""The sign that a gateway's RADIUS packets arrive: written by a thread of its own, because authorize only reads."""

import logging
import queue
import threading
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from portal.core.db import Database
from portal.venues import signs

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(minutes=10)
MOST_WAITING = 1000
LINGERS_SECONDS = 0.2


class RadiusSigns:
    """One per process. Its thread lives while there is something to write, so that a forked worker has one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[int, datetime] = {}
        self._waiting: queue.Queue[tuple[int, datetime]] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def note(self, gateway_id: int, now: datetime) -> None:
        """A gateway's router has asked. Costs a look into a dictionary; what does not fit into the queue is left out."""
        last = self._noted.get(gateway_id)
        if last is not None and now < last + AGAIN_AFTER:
            return
        self._noted[gateway_id] = now
        try:
            self._waiting.put_nowait((gateway_id, now))
        except queue.Full:
            return
        self._start()

    def settle(self) -> None:
        """Wait until everything noted is written."""
        self._waiting.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="radius-signs", daemon=True)
                self._thread.start()

    def _write(self) -> None:
        while True:
            try:
                gateway_id, now = self._waiting.get(timeout=LINGERS_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._thread = None
                        return
                continue
            self._write_one(gateway_id, now)

    def _write_one(self, gateway_id: int, now: datetime) -> None:
        try:
            with self._database.writing() as session:
                signs.note(session, gateway_id, "radius", now)
        except SQLAlchemyError as error:
            self._noted.pop(gateway_id, None)
            log.warning("sign not written", extra={"kind": type(error).__name__})
        finally:
            self._waiting.task_done()
