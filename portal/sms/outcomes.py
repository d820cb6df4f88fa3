"""What a carrier's answer means to a message. Written in its own transaction, after the call."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.sms import alarms
from portal.sms.errands import Ask, Bag, Bill, Find, Send, bill, locked, take
from portal.sms.models import SmsMessage
from portal.sms.senders.base import Accepted, BadCredentials, BadSignature, NoMoney, SmsError
from portal.sms.statuses import move

DOUBT = timedelta(seconds=5)  # from an ambiguous answer to the first look into the carrier's list
SETTLED = timedelta(seconds=20)  # a message missing from the list so long after the call was never taken
LIST_AGAIN = timedelta(seconds=10)
LIST_FOR = timedelta(hours=1)
MAX_SENDS = 3
AGAIN = tuple(timedelta(seconds=s) for s in (0, 0, 3, 5, 10, 20, 40, 60))  # waits while it is certain that nothing left
POLLS = tuple(timedelta(seconds=s) for s in (30, 120, 600))  # after sent: receipts may never reach us
ALARMING = (NoMoney, BadCredentials, BadSignature)


def accepted(session: Session, bag: Bag, errand: Send | Find | Ask, answer: Accepted, now: datetime) -> Bill | None:
    """The carrier has the message. A receipt may have come before this: then only id and cost are new."""
    message = locked(session, errand.message_id)
    if message is None:
        return None
    is_new = message.sent_at is None or message.provider_id is None
    message.provider_id = answer.provider_id
    _price(session, bag, message, answer)
    message.error = None
    if message.status in ("sending", "unknown"):
        move(session, message, "sent", now, bag.on_status)
    if answer.status != "sent":
        move(session, message, answer.status, now, bag.on_status)
    if message.status == "sent" and message.sent_at is not None:
        sent_at = message.sent_at
        message.look_at = next((sent_at + wait for wait in POLLS if sent_at + wait > now), None)
    return bill(message, answer.cost_kopecks) if is_new else None


def _price(session: Session, bag: Bag, message: SmsMessage, answer: Accepted) -> None:
    """The row says what was billed so far, and is held: the same price told twice changes nothing."""
    changed = 0 if answer.cost_kopecks is None else answer.cost_kopecks - message.cost_kopecks
    if changed:
        message.cost_kopecks += changed
        bag.on_price(session, message, changed)


def refused(session: Session, bag: Bag, errand: Send, error: SmsError, now: datetime) -> Bill | None:
    """The call failed: nothing left and it may be tried again, nobody knows, or the carrier said no."""
    message = locked(session, errand.message_id)
    if message is None or message.status != "sending" or message.attempts != errand.attempts:
        return None
    message.error = error.code
    if error.again:
        message.sending_at = None
        message.look_at = now + AGAIN[min(message.attempts, len(AGAIN)) - 1]
        return None
    if error.bytes_sent:
        move(session, message, "unknown", now, bag.on_status)
        message.look_at = now + DOUBT
        return None
    move(session, message, "failed", now, bag.on_status)
    if isinstance(error, ALARMING):
        alarms.sound(session, message.organization_id, message.venue_id, message.path, error.code, now)
    return bill(message, 0)


def not_told(session: Session, errand: Find | Ask, now: datetime) -> None:
    """The carrier did not answer a question; ask again later, for an hour."""
    message = locked(session, errand.message_id)
    if message is None or message.status not in ("unknown", "sent"):
        return
    message.look_at = now + LIST_AGAIN if now < message.queued_at + LIST_FOR else None


def listed(
    session: Session, bag: Bag, errand: Find, candidates: Sequence[Accepted], now: datetime
) -> Accepted | Send | Bill | None:
    """Match the carrier's list with a message of unknown fate. Only a list without it allows a second send."""
    message = locked(session, errand.message_id)
    if message is None or message.status != "unknown" or message.attempts != errand.attempts:
        return None
    known = _known(session, candidates)
    found = next((candidate for candidate in candidates if candidate.provider_id not in known), None)
    if found is not None:
        return found
    if now < errand.since + SETTLED:
        message.look_at = errand.since + SETTLED
        return None
    if message.attempts < MAX_SENDS:
        return take(session, bag, message, now)
    message.error = "not_taken"
    move(session, message, "failed", now, bag.on_status)
    return bill(message, 0)


def _known(session: Session, candidates: Sequence[Accepted]) -> set[str | None]:
    ids = [candidate.provider_id for candidate in candidates]
    return set(session.scalars(select(SmsMessage.provider_id).where(SmsMessage.provider_id.in_(ids))))
