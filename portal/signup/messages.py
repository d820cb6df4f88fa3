"""What an SMS of a signup says, and what its status means to the visit. Called by the worker."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acquisition import visits
from portal.acquisition.models import Visit
from portal.core.config import Settings
from portal.guests.models import Guest
from portal.signup.codes import code_for
from portal.signup.models import PhoneVerification
from portal.sms import texts
from portal.sms.models import SmsMessage


def compose(session: Session, settings: Settings, message: SmsMessage) -> texts.SmsText | None:
    """The text, made when it leaves; None when the verification no longer needs it."""
    verification = session.scalar(select(PhoneVerification).where(PhoneVerification.id == message.verification_id))
    if verification is None or verification.closed_at is not None or verification.phone is None:
        return None
    return texts.compose(
        verification.language,
        code=code_for(settings.keys, verification.nonce, verification.phone),
        host=urlsplit(settings.base_url).netloc,
        card_link=texts.card_link(settings.base_url, verification.link) if verification.card_asked else None,
    )


def told_card_link(session: Session, settings: Settings, visit: Visit) -> bool:
    """Whether the SMS that brought this visit its card had room for the card's link. No where the number is erased."""
    language = session.scalar(
        select(PhoneVerification.language)
        .join(Guest, Guest.phone == PhoneVerification.phone)  # verifications are indexed by their phone, not by the visit
        .where(Guest.id == visit.guest_id, PhoneVerification.visit_id == visit.public_id, PhoneVerification.card_id.is_not(None))
        .order_by(PhoneVerification.id.desc())
        .limit(1)
    )
    return language is not None and texts.fits_link(language, settings.base_url)


def on_status(session: Session, message: SmsMessage, now: datetime) -> None:
    """Mark the diagnostic steps of the visit that the message belongs to."""
    step = {"sent": "code_sent_at", "delivered": "code_delivered_at"}.get(message.status)
    if step is None or message.path == "me":
        return
    visit_id = _visit_of(session, message)
    if visit_id is not None:
        visits.mark(session, visit_id, step, now)


def on_price(session: Session, message: SmsMessage, kopecks: int) -> None:
    """Put what the gate billed on the visit that caused the message; a card looked up again is no visit's cost."""
    visit_id = None if message.path == "me" else _visit_of(session, message)
    if visit_id is not None:
        visits.add_cost(session, visit_id, kopecks)


def _visit_of(session: Session, message: SmsMessage) -> str | None:
    return session.scalar(select(PhoneVerification.visit_id).where(PhoneVerification.id == message.verification_id))
