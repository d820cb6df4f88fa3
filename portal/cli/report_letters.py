"""`vestibule report weekly` and `vestibule report alerts`: what the letters say, and a look at the numbers now."""

import click

from portal.cli.house import open_house, progress
from portal.cli.mail import WHAT_TO_DO
from portal.core.clock import utcnow
from portal.core.tokens import random_id
from portal.jobs import report_letters, reports
from portal.mail.letters import Letter
from portal.mail.senders.base import MailError
from portal.mail.senders.choice import chosen_mail_sender
from portal.mail.writing import as_text
from portal.reporting import alerts, weekly
from portal.reporting.alert_words import told
from portal.staff import accounts, scope


@click.command("weekly")
@click.option("--to", "email", required=True, help="E-mail of a login: its language and its venues.")
@click.option("--send", is_flag=True, help="Send it there now; without this it is only shown.")
def show_weekly(email: str, send: bool) -> None:
    """The letter about the last whole week, as this person gets it on Monday."""
    house, now = open_house(), utcnow()
    with progress("counting"), house.database.snapshot() as session:
        user = accounts.by_email(session, email)
        venues = scope.venues(session, user) if user else []
        if user is None or not venues:
            raise click.ClickException("no such login, or it sees no venue; list them with: vestibule staff list")
        monday = weekly.last_monday(now, venues[0].timezone)
        written = report_letters.week(session, house.settings, user, {"monday": monday.isoformat()}, now)
    if written is None:
        raise click.ClickException("staff get no weekly letter: owners and marketers do")
    click.echo(f"{written.subject}\n\n{as_text(written.blocks)}")
    if send:
        try:
            chosen_mail_sender(house.settings).send(
                Letter(f"try:{random_id()}", user.email, user.name, user.language, written, now)
            )
        except MailError as error:
            raise click.ClickException(f"{error.code}: {WHAT_TO_DO[error.code]}") from None
        click.echo("sent")


@click.command("alerts")
def show_alerts() -> None:
    """Look at every venue now, as the worker does once a day, and say what stands out. Letters leave with the worker."""
    database = open_house().database
    with progress("looking"):
        raised = reports.look(database, utcnow(), every=True)
    with database.reading() as session:
        for venue in reports.every_venue(session):
            for one in alerts.open_for(session, [venue]):
                title, text = told(one, str, str, lambda k, n: f"{k}/{n}")
                click.echo(f"{venue.code}: {title}. {text}")
    click.echo(f"{raised} new")
