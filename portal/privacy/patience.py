"""Transactions of destruction touch many rows of one person: they step back for a guest's signup, never the reverse."""

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.core.db import Database

T = TypeVar("T")
_TRIES = 20
_PAUSE = 0.1  # seconds
_WAIT = text("SET LOCAL lock_timeout = '300ms'")  # shorter than deadlock_timeout (1 s): whoever crosses us is not the victim
_STEPPED_BACK = ("55P03", "40P01")  # lock_not_available, deadlock_detected (PostgreSQL, appendix A)


def patiently(database: Database, act: Callable[[Session], T]) -> T:
    """One writing transaction around `act`, begun again while other transactions hold its rows. `act` must bear a repeat.

    SQLite has one writer at a time and needs none of it. Raises OperationalError after 20 tries.
    """
    for attempt in range(_TRIES):
        try:
            with database.writing() as session:
                if not database.is_sqlite:
                    session.execute(_WAIT)
                return act(session)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _STEPPED_BACK or attempt == _TRIES - 1:
                raise
            time.sleep(_PAUSE)
    raise AssertionError("the loop returns or raises")
