"""The real parts that a job works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.sms.senders.base import Sender
from portal.sms.senders.console import ConsoleSender, kept_file
from portal.sms.senders.smsaero import SmsAeroSender


@dataclass(frozen=True)
class House:
    """Built once by the worker; tests put in what they need."""

    settings: Settings
    database: Database
    sender: Sender
    clock: Callable[[], datetime] = utcnow


def chosen_sender(settings: Settings) -> Sender:
    """The sender that the settings name. Console SMS are kept in a file only for the demo's page."""
    if settings.sms_sender == "smsaero":
        return SmsAeroSender(settings)
    return ConsoleSender(kept_file(settings.data_dir) if settings.demo else None)
