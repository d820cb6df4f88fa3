"""What a door needs of the house: settings, the database, the clock, and the way to the worker."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app

from portal.core.config import Settings
from portal.core.db import Database
from portal.sms.senders.base import Sender
from portal.sms.senders.console import ConsoleSender


@dataclass(frozen=True)
class Parts:
    """Real parts in production, chosen ones in tests. `deliver` hands a committed SmsMessage's id to the worker.

    `sender` is for trying the SMS account from the dashboard; guests' messages go by the worker alone.
    """

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    deliver: Callable[[int], None]
    sender: Sender = field(default_factory=lambda: ConsoleSender(None))


def parts() -> Parts:
    """The parts of the running app."""
    found: Parts = current_app.extensions["vestibule"]
    return found
