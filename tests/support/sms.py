"""Messages of the outbox for tests, with the verification that each one is about."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.core.tokens import random_id
from portal.signup.models import PhoneVerification
from portal.sms import outbox
from portal.sms.models import SmsMessage
from portal.sms.texts import SmsText, measure
from tests.support.house import House

PHONE = "+79031234567"
CODE = "804913"


def queue_one(
    session: Session, house: House, now: datetime, *, phone: str = PHONE, path: str = "wifi", consumed: bool = False,
    lifetime: timedelta = timedelta(minutes=10),
) -> SmsMessage:  # fmt: skip
    """A verification and its queued message."""
    verification = PhoneVerification(
        organization_id=house.organization_id, legal_entity_id=house.legal_entity_id, venue_id=house.venue_id,
        public_id=random_id(), link=random_id()[:10], visit_id=random_id(), path=path, phone=phone, nonce=random_id(),
        language="ru", created_at=now, expires_at=now + lifetime, consumed_at=now if consumed else None,
    )  # fmt: skip
    session.add(verification)
    session.flush()
    message_id = outbox.queue(
        session, organization_id=house.organization_id, venue_id=house.venue_id, verification_id=verification.id,
        path=path, phone=phone, language="ru", not_after=now + lifetime, now=now,
    )  # fmt: skip
    return session.get_one(SmsMessage, message_id)


def compose(_session: Session, _message: SmsMessage) -> SmsText:
    """A text without the signup room."""
    return measure(f"Код {CODE}.")
