"""What a door needs of the house: settings, the database, the clock, and the way to the worker."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from portal.core.config import Settings
from portal.core.db import Database


@dataclass(frozen=True)
class Parts:
    """Real parts in production, chosen ones in tests. `deliver` hands a committed SmsMessage's id to the worker."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    deliver: Callable[[int], None]


def parts() -> Parts:
    """The parts of the running app."""
    found: Parts = current_app.extensions["vestibule"]
    return found
