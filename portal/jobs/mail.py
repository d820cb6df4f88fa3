"""Letters of the outbox, written as they leave and brought to the carrier by the worker."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.core.config import Settings
from portal.core.db import Database
from portal.jobs import letters, report_letters
from portal.mail import outbox
from portal.mail.delivery import Commission, Compose, Postman
from portal.mail.letters import Letter
from portal.mail.senders.base import MailSender
from portal.mail.writing import Written
from portal.staff import preferences, resets
from portal.staff.models import StaffUser

ROUND_SECONDS = 2.0
_log = logging.getLogger(__name__)

# Writes one kind of letter from its facts, in the person's language; None when it is no longer needed.
Composer = Callable[[Session, Settings, StaffUser, dict[str, Any], datetime], Written | None]

COMPOSERS: dict[str, Composer] = {
    "invite": letters.invitation,
    "reset": letters.reset,
    "guessed": letters.guessed,
    "weekly": report_letters.week,
    "alert": report_letters.alert,
}


def composing(settings: Settings) -> Compose:
    """What the postman asks for a text: nobody who left, and nobody who said no, gets a letter."""

    def compose(session: Session, commission: Commission, now: datetime) -> Letter | None:
        user = session.get(StaffUser, commission.staff_user_id)
        if user is None or not user.active or not preferences.wants(user, commission.kind):
            return None
        written = COMPOSERS[commission.kind](session, settings, user, commission.facts, now)
        if written is None:
            return None
        if commission.kind in preferences.WANTED:
            written = replace(written, unsubscribe=_way_out(settings, user, commission.kind, now))
        return Letter(commission.reference, user.email, user.name, user.language, written, now)

    return compose


def postman(settings: Settings, database: Database, sender: MailSender, clock: Callable[[], datetime]) -> Postman:
    """The postman with the house's words."""
    return Postman(database, sender, composing(settings), clock)


def work(carrier: Postman) -> None:
    """One round: links for who forgot the password, then every letter that is due."""
    while _is_asked(carrier.database):
        with carrier.database.writing() as session:
            answered = resets.answer(session, carrier.clock())
            if answered:
                outbox.queue_link(session, *answered, carrier.clock())
    carrier.work()


def keep_carrying(carrier: Postman, stop: threading.Event) -> None:
    """A round every two seconds until told to stop. A failing round is logged; the next one comes."""
    while not stop.wait(ROUND_SECONDS):
        try:
            work(carrier)
        except Exception:  # one bad round must not end the watch
            _log.exception("letters could not be looked after")


def _is_asked(database: Database) -> bool:
    with database.reading() as session:
        return resets.is_waiting(session)


def _way_out(settings: Settings, user: StaffUser, kind: str, now: datetime) -> str:
    return f"{settings.base_url}/callbacks/mail/stop/{preferences.stop_token(settings.keys, user, kind, now)}"
