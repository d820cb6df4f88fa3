"""`vestibule mail`: the account that letters to the staff are sent with, and what became of them."""

import click
from sqlalchemy import select

from portal.cli.house import open_house, progress, show
from portal.core.clock import utcnow
from portal.core.i18n import translations
from portal.core.tokens import random_id
from portal.mail.letters import Letter
from portal.mail.models import MailMessage
from portal.mail.senders.base import MailError
from portal.mail.senders.choice import chosen_mail_sender
from portal.mail.writing import Paragraph, Written
from portal.staff.models import StaffUser

WHAT_TO_DO = {
    "bad_recipient": "check the address",
    "refused": "the server does not want this letter: ask its operator why",
    "not_now": "the server asks to come back later",
    "bad_credentials": "check VESTIBULE_SMTP_USER and VESTIBULE_SMTP_PASSWORD",
    "bad_sender": "the account may not send from VESTIBULE_MAIL_FROM",
    "not_safe": "no encryption or a wrong certificate: check VESTIBULE_SMTP_HOST, _PORT, _SECURITY and _CA_FILE",
    "unreachable": "check VESTIBULE_SMTP_HOST and _PORT, and the network to it",
    "unknown": "the letter may be on its way: look into the mailbox before trying again",
}


@click.group()
def mail() -> None:
    """E-mail to the staff."""


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send a test letter to an address."""
    settings = open_house().settings
    sender = chosen_mail_sender(settings)
    _ = translations("ru").gettext
    words = Written(_("A test letter"), (Paragraph(_("Letters from Vestibule arrive here.")),))
    try:
        with progress("sending"):
            sender.send(Letter(f"test:{random_id()}", address, "", "ru", words, utcnow()))
    except MailError as error:
        raise click.ClickException(f"{error.code}: {WHAT_TO_DO[error.code]}") from None
    click.echo(f"{sender.name} took it")


@mail.command("list")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_letters(limit: int, as_json: bool) -> None:
    """The newest letters and what became of them."""
    query = select(MailMessage, StaffUser.email).join(StaffUser, StaffUser.id == MailMessage.staff_user_id)
    with open_house().database.reading() as session:
        found = session.execute(query.order_by(MailMessage.id.desc()).limit(limit)).all()
    rows = [
        {
            "queued_at": row.queued_at, "kind": row.kind, "to": email, "status": row.status, "error": row.error,
            "attempts": row.attempts, "sent_at": row.sent_at,
        }
        for row, email in found
    ]  # fmt: skip
    show(rows, as_json)
