"""The carrier that the settings name."""

from portal.core.config import Settings
from portal.mail.senders.base import MailSender
from portal.mail.senders.files import FileSender
from portal.mail.senders.smtp import SmtpSender


def chosen_mail_sender(settings: Settings) -> MailSender:
    """Files until there is an account."""
    if settings.mail_sender == "smtp":
        return SmtpSender(settings)
    return FileSender(settings.data_dir, settings.mail_from)
