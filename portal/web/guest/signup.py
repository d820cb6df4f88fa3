"""The form comes back: record, declare, queue the SMS, show the code page."""

from datetime import timedelta

from flask import g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.acquisition.entry import FORM_FOR, Entry, open_entry, seal_entry
from portal.core.i18n import choose_language
from portal.core.logging import follow
from portal.signup.allowance import Refused
from portal.signup.lookup import Ticket, seal_ticket
from portal.signup.registration import Form, register
from portal.web.guest import bp
from portal.web.guest.client import client_of
from portal.web.guest.forms import Parsed, Typed, parse, read_typed
from portal.web.guest.landing import not_open, render_landing
from portal.web.guest.shelf import Front, shelf
from portal.web.parts import parts

A_WEEK = timedelta(days=7)  # longer than any limit that a guest meets by being in a hurry


@bp.post("/signup")
def signup() -> AnyResponse:
    """One form, one verification, one SMS, however often it is sent."""
    now = parts().clock()
    entry = open_entry(parts().settings.keys, request.form.get("visit", ""), now, FORM_FOR)
    follow(entry.visit_id)
    g.language = choose_language([entry.language])
    front = shelf().by_venue_id(parts(), entry.venue_id)
    assert front is not None  # the token is ours, and venues are not deleted
    if not front.venue.live:
        return not_open(front.venue)
    typed = read_typed(request.form)
    parsed, errors = parse(front, g.language, "wifi" if entry.entry == "wifi" else "qr", typed)
    if parsed is None:
        return _again(front, entry, typed, errors, 422)
    started = _register(front, entry, parsed)
    if isinstance(started, Refused):
        return _again(front, entry, typed, {"phone": refusal_text(started)}, 429)
    public_id, message_id = started
    if message_id is not None:
        parts().deliver(message_id)
    return redirect(url_for("guest.verify", token=seal_ticket(parts().settings.keys, Ticket(public_id, False), now)), 303)


def _register(front: Front, entry: Entry, parsed: Parsed) -> Refused | tuple[str, int | None]:
    form = Form(parsed.phone, str(g.language), parsed.boxes, parsed.answers)
    client = client_of(entry.arrival)
    with parts().database.writing() as session:
        started = register(session, parts().settings, front.venue, entry, client, form, parts().clock())
    return started if isinstance(started, Refused) else (started.public_id, started.message_id)


def _again(front: Front, entry: Entry, typed: Typed, errors: dict[str, str], status: int) -> AnyResponse:
    token = seal_entry(parts().settings.keys, entry, parts().clock())
    return make_response(render_landing(front, entry, typed, errors, token), status)


def refusal_text(refused: Refused) -> str:
    """What a full limit means to the guest: never which one, always what to do."""
    if refused.opens_in is None or refused.opens_in > A_WEEK:
        return _("We cannot send SMS right now. Ask the staff for another way, or try again in half an hour.")
    hours = int(refused.opens_in.total_seconds() // 3600)
    if hours >= 1:
        return _("Too many codes were asked for. Try again in %(hours)s h, or ask the staff for another way.", hours=hours + 1)
    return _("Too many codes were asked for. Try again in an hour, or ask the staff for another way.")
