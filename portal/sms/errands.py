"""What a message needs next: decided in a short transaction, done by the postman when it is closed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core.phone import Phone, phone_from_e164
from portal.core.tokens import random_id, sha256_hex
from portal.sms.models import SmsMessage
from portal.sms.senders.base import OutgoingSms
from portal.sms.statuses import PriceHook, StatusHook, move
from portal.sms.texts import SmsText

LEASE = timedelta(seconds=15)  # longer than the 10 s that one call may take

Compose = Callable[[Session, SmsMessage], SmsText | None]


@dataclass(frozen=True, slots=True)
class Send:
    """Hand this to the carrier. `attempts` tells one try from the next."""

    message_id: int
    attempts: int
    sms: OutgoingSms


@dataclass(frozen=True, slots=True)
class Find:
    """Ask whether the carrier has a message that was handed over at `since`."""

    message_id: int
    attempts: int
    phone: Phone
    since: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask where an accepted message is."""

    message_id: int
    provider_id: str


@dataclass(frozen=True, slots=True)
class Bill:
    """What a message cost after all; `kopecks` None when the carrier has not said. `claimed_at`: when its price was taken."""

    venue_id: int
    path: str
    kopecks: int | None
    claimed_at: datetime


Errand = Send | Find | Ask


@dataclass(frozen=True, slots=True)
class Bag:
    """What a message is sent with: the carrier's name, the text's maker, the callback's URL, who hears of statuses and prices."""

    provider: str
    compose: Compose
    callback_url: Callable[[str], str | None]
    on_status: StatusHook
    on_price: PriceHook


def first_errand(session: Session, bag: Bag, message_id: int, now: datetime) -> Send | Bill | None:
    """Take a message that nobody has taken yet."""
    message = locked(session, message_id)
    return take(session, bag, message, now) if message is not None and message.status == "queued" else None


def next_errand(session: Session, bag: Bag, message_id: int, now: datetime) -> Errand | Bill | None:
    """Whatever is due: send, look for a message whose fate is unknown, or ask about an accepted one."""
    message = locked(session, message_id)
    if message is None:
        return None
    waits = message.status == "sending" and message.sending_at is None
    if message.status == "queued" or waits:
        return take(session, bag, message, now)
    if message.status == "sending" and message.sending_at is not None and message.sending_at + LEASE <= now:
        move(session, message, "unknown", now, bag.on_status)
    if message.status == "unknown":
        return _find(session, bag, message, now)
    if message.status == "sent" and message.provider_id:
        return Ask(message.id, message.provider_id)
    return None


def take(session: Session, bag: Bag, message: SmsMessage, now: datetime) -> Send | Bill:
    """Mark a message as on its way and write its text; one that is too late or no longer needed expires and costs nothing."""
    text = bag.compose(session, message) if message.phone is not None and now <= message.not_after else None
    if text is None or message.phone is None:
        message.error = "too_late" if now > message.not_after else "not_needed"
        move(session, message, "expired", now, bag.on_status)
        return bill(message, 0)
    secret = random_id()
    message.attempts += 1
    message.sending_at, message.look_at = now, now + LEASE
    message.provider, message.parts = bag.provider, text.parts
    message.callback_hash = sha256_hex(secret.encode())
    if message.status != "sending":
        move(session, message, "sending", now, bag.on_status)
    sms = OutgoingSms(message.reference, phone_from_e164(message.phone), text.text, bag.callback_url(secret), message.attempts)
    return Send(message.id, message.attempts, sms)


def bill(message: SmsMessage, kopecks: int | None) -> Bill:
    """What to put in place of the price that was taken when the message was queued."""
    return Bill(message.venue_id, message.path, kopecks, message.queued_at)


def locked(session: Session, message_id: int) -> SmsMessage | None:
    """The row, held until the transaction ends."""
    return session.get(SmsMessage, message_id, with_for_update=True)


def _find(session: Session, bag: Bag, message: SmsMessage, now: datetime) -> Find | None:
    if message.phone is None or message.sending_at is None:
        move(session, message, "expired", now, bag.on_status)
        return None
    return Find(message.id, message.attempts, phone_from_e164(message.phone), message.sending_at)
