"""Where a proven guest goes: to the gateway and the internet, to the card, or to what is known of them."""

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.access import blocks, grants
from portal.signup.completion import Completed
from portal.web.guest.arrival import connected_path, open_gateway
from portal.web.guest.me import me_link
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts


def after(done: Completed) -> AnyResponse:
    """Answer 303: an https page must never submit a form to an http gateway itself."""
    if done.path == "qr" and not done.card_token:
        return proven(done)
    if done.path == "wifi":
        return _online(done)
    return redirect(_next(done), 303)


def proven(done: Completed) -> AnyResponse:
    """A QR visit without a card (its text is not published): say that the number is confirmed, and stop."""
    front = shelf().by_venue_id(parts(), done.venue_id)
    title, text = _("The number is confirmed"), _("Thank you. Nothing more is needed; this page can be closed.")
    return make_response(render_template("guest/message.html", venue=front and front.venue, title=title, text=text))


def _online(done: Completed) -> AnyResponse:
    front = shelf().by_venue_id(parts(), done.venue_id)
    assert front is not None
    with parts().database.reading() as session:
        grant = grants.by_visit(session, done.visit_id)
        holds = grant is not None and grants.holds(grant, parts().clock())
        is_blocked = not holds and blocks.stands(session, front.venue.legal_entity_id, done.phone.e164, done.arrival.get("mac"))
    if grant is None or is_blocked:
        return refused(front)
    if not holds:  # the same answer sent again after "disconnect": a gateway that asks nobody must not be opened with it
        return redirect(connected_path(done.visit_id), 303)
    return open_gateway(front, grant, done.arrival)


def refused(front: Front) -> AnyResponse:
    """The staff blocked this number or device: the code was right, and still nothing opens."""
    title = _("The Wi-Fi is closed for this device")
    text = _("The place has switched the internet off for this number or device. Please ask the staff.")
    return make_response(render_template("guest/message.html", venue=front.venue, title=title, text=text), 403)


def _next(done: Completed) -> str:
    if done.path != "me":
        return url_for("guest.card", token=done.card_token)
    front = shelf().by_venue_id(parts(), done.venue_id)
    assert front is not None
    return me_link(parts().settings.keys, front.venue.legal_entity_id, front.venue.id, done.phone, parts().clock())
