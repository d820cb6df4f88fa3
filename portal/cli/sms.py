"""`vestibule sms`: the account, deliveries and budgets."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import click
from sqlalchemy import select

from portal.cli.house import open_house, progress, show
from portal.core.clock import utcnow
from portal.core.phone import Phone, PhoneRefused, parse_phone, phone_from_e164
from portal.core.tokens import random_id
from portal.jobs.deliveries import Deliveries
from portal.jobs.house import House
from portal.signup import unwanted
from portal.sms import budgets, outbox, texts
from portal.sms.models import SmsMessage
from portal.sms.senders.base import OutgoingSms, SmsError
from portal.sms.senders.choice import chosen_sender
from portal.venues.models import Venue

T = TypeVar("T")
TEST_CODE = "000000"
WHAT_TO_DO = {
    "no_money": "top up the account at smsaero.ru",
    "bad_number": "check the number",
    "bad_signature": "register the name in VESTIBULE_SMSAERO_SIGNATURE with SMS Aero, or set a registered one",
    "bad_credentials": "check VESTIBULE_SMSAERO_EMAIL and VESTIBULE_SMSAERO_API_KEY",
    "refused": "ask SMS Aero's support why",
    "throttled": "wait a minute and try again",
    "gate_down": "check the network to VESTIBULE_SMSAERO_GATES (port 443) and VESTIBULE_SMSAERO_CA_FILE",
    "unknown_answer": "the message may be on its way: look at the account's list before trying again",
}


@click.group()
def sms() -> None:
    """The SMS account, deliveries and budgets."""


@sms.command("list")
@click.option("--venue", "venue_code", help="Only this venue, by its code.")
@click.option("--limit", default=30, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_messages(venue_code: str | None, limit: int, as_json: bool) -> None:
    """The newest messages, numbers masked."""
    query = select(SmsMessage, Venue.code).join(Venue, Venue.id == SmsMessage.venue_id).order_by(SmsMessage.id.desc())
    if venue_code:
        query = query.where(Venue.code == venue_code)
    with open_house().database.reading() as session:
        found = session.execute(query.limit(limit)).all()
    show([_line(message, code) for message, code in found], as_json)


@sms.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def balance(as_json: bool) -> None:
    """Roubles on the account."""
    sender = chosen_sender(open_house().settings)
    with progress("asking the gate"):
        kopecks = _or_exit(sender.balance)
    show([{"sender": sender.name, "roubles": None if kopecks is None else f"{kopecks / 100:.2f}"}], as_json)


@sms.command()
@click.option("--number", prompt="Number", help="Asked for when missing, so that it stays out of the shell's history.")
def test(number: str) -> None:
    """Send a test message to a number; it is paid for."""
    settings = open_house().settings
    try:
        phone = parse_phone(number, ("RU", "KZ", "BY"))
    except PhoneRefused as refusal:
        raise click.ClickException(f"not a mobile number ({refusal.reason}): give it as +79031234567") from None
    sender = chosen_sender(settings)
    text = texts.compose("ru", code=TEST_CODE, host=settings.base_url.partition("://")[2]).text
    with progress("sending"):
        answer = _or_exit(lambda: sender.send(OutgoingSms(random_id(), phone, text, None)))
    click.echo(f"{sender.name} took it: id {answer.provider_id}, {answer.status}")


@sms.command()
def reconcile() -> None:
    """Look after every message whose fate is open: the worker does this by itself every second."""
    here = open_house()
    house = House(here.settings, here.database, chosen_sender(here.settings))
    deliveries = Deliveries(house)
    with house.database.writing() as session:
        due = outbox.take_due(session, utcnow())
    with progress(f"looking after {len(due)} messages"):
        for message_id in due:
            deliveries.look_after(message_id)
    with house.database.reading() as session:
        open_still = session.scalars(select(SmsMessage).where(SmsMessage.look_at.is_not(None))).all()
    click.echo(f"looked after {len(due)}; {len(open_still)} still open")


@sms.command("budgets")
@click.argument("venue_code")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def budgets_of(venue_code: str, as_json: bool) -> None:
    """What a venue has spent today, per path, and its alarms of the last 24 hours."""
    with open_house().database.reading() as session:
        venue = session.scalar(select(Venue).where(Venue.code == venue_code))
        if venue is None:
            raise click.ClickException(f"no venue {venue_code!r}; list them with: vestibule venue list")
        state = budgets.state(session, venue, utcnow())
    rows = [
        {
            "path": path.path,
            "spent_roubles": f"{path.spent_kopecks / 100:.2f}",
            "day_roubles": f"{path.day_kopecks / 100:.2f}",
            "percent": path.percent,
            "this_minute": f"{path.minute_used}/{path.minute_limit}",
            "slow": path.slow,
            "stopped": "owner" if path.stopped_by_owner else path.stopped_until,
            "alarms": ", ".join(alarm.kind for alarm in state.alarms if alarm.path == path.path) or None,
        }
        for path in state.paths
    ]
    show(rows, as_json)


@sms.command()
@click.argument("phone")
@click.option("--days", type=click.IntRange(1, 3650), default=unwanted.LASTS.days, show_default=True, help="For how long.")
def stop(phone: str, days: int) -> None:
    """Send no codes to a number, at any venue: for whoever is bombed with them and says so."""
    house = open_house()
    number = _number(phone)
    with house.database.writing() as session:
        unwanted.stop(session, house.settings, number, utcnow() + timedelta(days=days))
    click.echo(f"{number.masked}: no codes for {days} days; `vestibule sms allow` takes it back")


@sms.command()
@click.argument("phone")
def allow(phone: str) -> None:
    """Let codes go to a number again, and forget what was counted against it."""
    house = open_house()
    number = _number(phone)
    with house.database.writing() as session:
        found = unwanted.allow(session, house.settings, number)
    click.echo(f"{number.masked}: {'codes may be sent again' if found else 'nothing stood against it'}")


def _number(phone: str) -> Phone:
    try:
        return parse_phone(phone, ("RU",), "RU")
    except PhoneRefused as refused:
        raise click.ClickException(f"this is no mobile number of Russia ({refused.reason}): write it as +79031234567") from None


def _line(message: SmsMessage, venue_code: str) -> dict[str, object]:
    took = message.sent_at - message.queued_at if message.sent_at else None
    return {
        "id": message.id,
        "queued_at": message.queued_at,
        "venue": venue_code,
        "path": message.path,
        "phone": phone_from_e164(message.phone).masked if message.phone else None,
        "status": message.status,
        "error": message.error,
        "seconds": round(took / timedelta(seconds=1), 2) if took is not None else None,
        "roubles": f"{message.cost_kopecks / 100:.2f}",
        "attempts": message.attempts,
    }


def _or_exit(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except SmsError as error:
        raise click.ClickException(f"the gate answered {error.code}: {WHAT_TO_DO[error.code]}") from None
