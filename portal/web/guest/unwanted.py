"""The page for whoever got a code that they never asked for. It is reached by the link in the SMS alone."""

from typing import Any

from flask import g, make_response, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from portal.core.phone import phone_from_e164
from portal.signup import lookup, unwanted
from portal.signup.lookup import Ticket, open_ticket
from portal.venues.models import LegalEntity
from portal.web.guest import bp
from portal.web.guest.shelf import shelf
from portal.web.parts import parts


@bp.get("/verify/<token>/unwanted")
def ask_unwanted(token: str) -> AnyResponse:
    """Says what happens; opening it changes nothing."""
    with parts().database.reading() as session:
        ticket = _ticket(token)
        verification = lookup.by_public_id(session, ticket.public_id)
        contact = _contact(session, verification)
    known = ticket.by_link and verification.phone is not None and verification.consumed_at is None
    masked = phone_from_e164(verification.phone).masked if known else None
    return _page(verification, contact, masked, token, done=False)


@bp.post("/verify/<token>/unwanted")
def say_unwanted(token: str) -> AnyResponse:
    """No more codes to this number for a month, wherever it is typed."""
    now = parts().clock()
    with parts().database.writing() as session:
        ticket = _ticket(token)
        phone = unwanted.refuse_by_link(session, parts().settings, ticket, now)
        verification = lookup.by_public_id(session, ticket.public_id)
        contact = _contact(session, verification)
    return _page(verification, contact, phone.masked if phone else None, token, done=phone is not None)


def _ticket(token: str) -> Ticket:
    return open_ticket(parts().settings.keys, token, parts().clock())


def _contact(session: Session, verification: Any) -> str:
    """Where to ask for one's data and to withdraw, now that no code opens the page for it (152-ФЗ, articles 9, 14 and 21)."""
    return session.get_one(LegalEntity, verification.legal_entity_id).contact_email


def _page(verification: Any, contact: str, masked: str | None, token: str, *, done: bool) -> AnyResponse:
    front = shelf().by_venue_id(parts(), verification.venue_id)
    assert front is not None
    g.language = g.asked_language or verification.language
    return make_response(
        render_template(
            "guest/unwanted.html", venue=front.venue, masked_phone=masked, done=done, days=unwanted.LASTS.days, contact=contact,
            action=url_for("guest.say_unwanted", token=token), start_url=url_for("guest.linked", venue_code=front.venue.code),
        )
    )  # fmt: skip
