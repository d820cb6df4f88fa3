"""The page of the code form, in every state it can be in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, make_response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.acquisition.entry import Entry, seal_entry
from portal.core.logging import follow
from portal.core.phone import phone_from_e164
from portal.signup import lookup, resend
from portal.signup.lookup import Ticket, open_ticket
from portal.signup.progress import sms_state
from portal.web.guest.arrival import gateway_origins
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts


@dataclass(frozen=True)
class Standing:
    """A verification as its page needs it."""

    ticket: Ticket
    verification: Any
    entry: Entry | None
    sms_state: str


def code_page(token: str, *, error: bool = False, limit: str = "", status: int = 200) -> AnyResponse:
    """`error`: the code did not fit; `limit`: why no SMS is sent now. Raises BadToken."""
    now = parts().clock()
    at = _standing(token, now)
    front = shelf().by_venue_id(parts(), at.verification.venue_id)
    assert front is not None
    g.language = g.asked_language or at.verification.language
    g.csp_form_actions = gateway_origins(front)
    page = render_template(
        "guest/code.html", venue=front.venue, error=error, limit=limit, sms_state=at.sms_state,
        **_links(token, front, at, now), **_resend(at, now),
    )  # fmt: skip
    return make_response(page, status)


def _standing(token: str, now: datetime) -> Standing:
    ticket = open_ticket(parts().settings.keys, token, now)
    with parts().database.reading() as session:
        verification = lookup.by_public_id(session, ticket.public_id)
        follow(verification.visit_id)
        wifi = verification.path == "wifi"
        entry = lookup.entry_of(session, verification) if wifi else None
        return Standing(ticket, verification, entry, sms_state(session, verification.id, now))


def _links(token: str, front: Front, at: Standing, now: datetime) -> dict[str, Any]:
    voucher = None
    if front.venue.vouchers and at.entry is not None:
        voucher = url_for("guest.voucher", token=seal_entry(parts().settings.keys, at.entry, now))
    return {
        "page_url": url_for("guest.verify", token=token),
        "actions": {"verify_url": url_for("guest.check", token=token), "resend_url": url_for("guest.send_again", token=token)},
        "voucher_url": voucher,
        "wrong_number_url": None if at.ticket.by_mac or at.ticket.by_link else url_for("guest.wrong_number", token=token),
        "start_url": url_for("guest.wrong_number", token=token),
        "unwanted_url": url_for("guest.ask_unwanted", token=token) if at.ticket.by_link else None,
    }


def _resend(at: Standing, now: datetime) -> dict[str, Any]:
    """By MAC alone no digit of the number is shown and nothing can be sent."""
    settings, verification, by_mac = parts().settings, at.verification, at.ticket.by_mac
    live = by_mac or resend.is_live(settings, verification, now)
    wait = resend.opens_in(settings, verification, now) if live else None
    return {
        "masked_phone": None if by_mac or not verification.phone else phone_from_e164(verification.phone).masked,
        "used": verification.consumed_at is not None,
        "live": live,
        "resend_in": int(wait.total_seconds()) if wait else 0,
        "resend_left": 0 if by_mac or (live and wait is None) else 1,
    }
