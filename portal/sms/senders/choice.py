"""The carrier that the settings name."""

from portal.core.config import Settings
from portal.sms.senders.base import Sender
from portal.sms.senders.console import ConsoleSender, kept_file
from portal.sms.senders.smsaero import SmsAeroSender


def chosen_sender(settings: Settings) -> Sender:
    """Console SMS are kept in a file only for the demo's page."""
    if settings.sms_sender == "smsaero":
        return SmsAeroSender(settings)
    return ConsoleSender(kept_file(settings.data_dir) if settings.demo else None)
