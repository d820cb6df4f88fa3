"""The code page: the code, the resend, the wrong number."""

from dataclasses import replace
from typing import Any

from flask import g, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.acquisition.entry import seal_entry
from portal.core.logging import follow
from portal.signup import lookup, resend
from portal.signup.allowance import Refused
from portal.signup.completion import Rejected, complete
from portal.signup.lookup import open_ticket, seal_ticket
from portal.signup.resend import TooSoon
from portal.venues import directory
from portal.web.guest import bp
from portal.web.guest.after import after
from portal.web.guest.client import client_of
from portal.web.guest.code_page import code_page
from portal.web.guest.forms import Typed, shown_boxes
from portal.web.guest.landing import not_open, render_landing
from portal.web.guest.shelf import Front, shelf
from portal.web.guest.signup import refusal_text
from portal.web.parts import parts


@bp.get("/verify/<token>")
def verify(token: str) -> AnyResponse:
    """The code form. Opening it sends nothing and changes nothing."""
    return code_page(token)


@bp.post("/verify/<token>")
def check(token: str) -> AnyResponse:
    """One try. A wrong code is committed as a fact before it is answered."""
    ticket = open_ticket(parts().settings.keys, token, parts().clock())
    with parts().database.writing() as session:
        outcome = complete(session, parts().settings, ticket, request.form.get("code", ""), parts().clock())
    if isinstance(outcome, Rejected):
        return code_page(token, error=True, status=422)
    follow(outcome.visit_id)
    return after(outcome)


@bp.post("/verify/<token>/resend")
def send_again(token: str) -> AnyResponse:
    """The same code once more, or a new verification where the old one is dead."""
    now, keys = parts().clock(), parts().settings.keys
    ticket = open_ticket(keys, token, now)
    if ticket.by_mac:
        return code_page(token)
    client = client_of()
    with parts().database.writing() as session:
        verification = lookup.by_public_id(session, ticket.public_id)
        venue = directory.venue_by_id(session, verification.venue_id)
        if not venue.live:
            return not_open(venue)
        started = resend.resend(session, parts().settings, venue, verification, client.ip, client.user_agent, now)
    if isinstance(started, Refused):
        return code_page(token, limit=refusal_text(started), status=429)
    if isinstance(started, TooSoon):
        return code_page(token, status=429)
    if started.message_id is not None:
        parts().deliver(started.message_id)
    return redirect(url_for("guest.verify", token=seal_ticket(keys, replace(ticket, public_id=started.public_id), now)), 303)


@bp.route("/verify/<token>/number", methods=["GET", "POST"])
def wrong_number(token: str) -> AnyResponse:
    """Back to the form: with everything kept for who holds the form's own token, empty for a MAC alone.

    Who came by the SMS's link gets a form of their own: with a mistyped number they are a stranger to this visit.
    """
    now = parts().clock()
    ticket = open_ticket(parts().settings.keys, token, now)
    with parts().database.reading() as session:
        verification = lookup.by_public_id(session, ticket.public_id)
        entry = None if verification.consumed_at else lookup.entry_of(session, verification)
    front = shelf().by_venue_id(parts(), verification.venue_id)
    assert front is not None
    g.language = g.asked_language or verification.language
    if entry is None or verification.phone is None or ticket.by_link:
        start = "guest.me" if verification.path == "me" else "guest.linked"
        return redirect(url_for(start, venue_code=front.venue.code), 303)
    typed = Typed() if ticket.by_mac else _typed(verification, front)  # the MAC can be anyone's: nothing kept is shown to it
    entry = replace(entry, language=g.language)  # the boxes are those of the page's language
    return make_response(render_landing(front, entry, typed, {}, seal_entry(parts().settings.keys, entry, now)))


def _typed(verification: Any, front: Front) -> Typed:
    """As it was typed; a box whose text has changed since is empty again."""
    answers = verification.answers
    shown = {box.purpose: box.document_id for box in shown_boxes(front, str(g.language), verification.path)}
    boxes = frozenset(purpose for purpose, document, _control in answers.get("boxes", []) if shown.get(purpose) == document)
    return Typed(verification.phone or "", {k: v for k, v in answers.items() if isinstance(v, str)}, boxes)
