"""The real parts that a job works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.sms.senders.base import Sender


@dataclass(frozen=True)
class House:
    """Built once by the worker; tests put in what they need."""

    settings: Settings
    database: Database
    sender: Sender
    clock: Callable[[], datetime] = utcnow
