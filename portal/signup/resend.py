"""Sending the code again: the same code, tries not reset; a dead verification is followed by a new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.consent.records import Box
from portal.core.config import Settings
from portal.core.limits import LimitReached, find_room
from portal.core.phone import phone_from_e164
from portal.signup import allowance
from portal.signup.allowance import Refused
from portal.signup.lookup import lock_visit_of
from portal.signup.models import PhoneVerification
from portal.signup.start import Start, Started, close, start
from portal.sms import budgets, outbox
from portal.venues.models import Venue


@dataclass(frozen=True, slots=True)
class TooSoon:
    """The next send opens in this long."""

    opens_in: timedelta


def opens_in(settings: Settings, verification: Any, now: datetime) -> timedelta | None:
    """How long until the code may be sent again; zero when it may; None when no resend is left."""
    waits = settings.resend_after
    if verification.sends > len(waits):
        return None
    return max(verification.created_at + waits[verification.sends - 1] - now, timedelta(0))


def is_live(settings: Settings, verification: Any, now: datetime) -> bool:
    """True while its code can still be entered."""
    return verification.closed_at is None and verification.expires_at > now and verification.attempts < settings.otp_tries


def resend(
    session: Session, settings: Settings, venue: Venue, verification: Any, ip: str, user_agent: str, now: datetime
) -> Started | Refused | TooSoon:
    """Queue one more SMS with the same code; or, after five tries or expiry, start anew within the number's limits."""
    lock_visit_of(session, verification.public_id)
    # Read behind the lock: another tap or the right code may have changed it meanwhile.
    verification = session.get_one(PhoneVerification, verification.id, with_for_update=True, populate_existing=True)
    if verification.phone is None or verification.closed_reason in ("consumed", "replaced"):
        return Refused("closed")
    if not is_live(settings, verification, now):
        return _anew(session, settings, venue, verification, ip, user_agent, now)
    wait = opens_in(settings, verification, now)
    if wait is None:
        return Refused("sends")
    if wait:
        return TooSoon(wait)
    return _again(session, settings, venue, verification, now)


def _again(
    session: Session, settings: Settings, venue: Venue, verification: PhoneVerification, now: datetime
) -> Started | Refused:
    assert verification.phone is not None
    room = find_room(session, allowance.of_number(settings, phone_from_e164(verification.phone)), now)
    if isinstance(room, LimitReached):
        return Refused(room.name, room.opens_at - now)
    refusal = budgets.claim(session, venue, verification.path, now, settings)
    if refusal is not None:
        room.leave(session)
        return Refused(refusal.reason)
    room.occupy(session)
    verification.sends += 1
    message_id = outbox.queue(
        session, organization_id=verification.organization_id, venue_id=venue.id, verification_id=verification.id,
        path=verification.path, phone=verification.phone, language=verification.language,
        not_after=verification.expires_at, now=now,
    )  # fmt: skip
    return Started(verification.public_id, message_id)


def _anew(
    session: Session, settings: Settings, venue: Venue, old: PhoneVerification, ip: str, user_agent: str, now: datetime
) -> Started | Refused:
    assert old.phone is not None
    close(session, old.id, "expired", now)
    answers = dict(old.answers)
    boxes = tuple(Box(purpose, document_id, control) for purpose, document_id, control in answers.pop("boxes", []))
    asked = Start(
        visit_id=old.visit_id, path=old.path, phone=phone_from_e164(old.phone), language=old.language, ip=ip,
        user_agent=user_agent, device_hash=old.device_hash, mac=old.arrival.get("mac"), boxes=boxes, answers=answers,
        arrival=old.arrival,
    )  # fmt: skip
    return start(session, settings, venue, asked, now)
