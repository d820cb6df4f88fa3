"""The way to one's own data: which place, which number, then the same code as at sign-up."""

from flask import abort, g, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from portal.core.phone import Phone
from portal.core.tokens import random_id
from portal.signup.allowance import Refused
from portal.signup.lookup import TOKEN_AGE, Ticket, seal_ticket
from portal.signup.start import Start, Started, start
from portal.venues import directory
from portal.venues.models import Venue
from portal.web.guest import bp
from portal.web.guest.client import client_of
from portal.web.guest.forms import read_phone
from portal.web.guest.signup import refusal_text
from portal.web.parts import parts

_CODE_LENGTH = 40


@bp.get("/me")
@bp.get("/me/<venue_code>")
def me(venue_code: str | None = None) -> Response | str:
    """The form for the number. Without a venue's code it is asked for, unless there is only one place."""
    venue_code = venue_code or request.args.get("place", "").strip().lower()[:_CODE_LENGTH] or _only_venue()
    if venue_code is None:
        return render_template("guest/me_place.html", venue=None)
    return _form(_venue(venue_code), "", {})


@bp.post("/me/<venue_code>")
def ask_code(venue_code: str) -> Response | str:
    """Send a code to the number; whether the number is known changes nothing here."""
    venue = _venue(venue_code)
    typed, errors = request.form.get("phone", "")[:100], dict[str, str]()
    phone = read_phone(venue, typed, errors, "me")
    if phone is None:
        return make_response(_form(venue, typed, errors), 422)
    started = _start(venue, phone)
    if isinstance(started, Refused):
        return make_response(_form(venue, typed, {"phone": refusal_text(started)}), 429)
    if started.message_id is not None:
        parts().deliver(started.message_id)
    ticket = seal_ticket(parts().settings.keys, Ticket(started.public_id, False), parts().clock())
    return redirect(url_for("guest.verify", token=ticket), 303)


def _start(venue: Venue, phone: Phone) -> Started | Refused:
    settings, now, client = parts().settings, parts().clock(), client_of()
    form = settings.keys.unseal("me-form", request.form.get("form", ""), now, TOKEN_AGE)
    asked = Start(
        visit_id=form["id"],  # the form's own id: sent twice, it is still one SMS
        path="me",
        phone=phone,
        language=g.language,
        ip=client.ip,
        user_agent=client.user_agent,
        device_hash=client.device_hash,
    )
    with parts().database.writing() as session:
        return start(session, settings, venue, asked, now)


def _form(venue: Venue, typed: str, errors: dict[str, str]) -> str:
    token = request.form.get("form") or parts().settings.keys.seal("me-form", {"id": random_id()}, parts().clock())
    return render_template("guest/me_form.html", venue=venue, phone=typed, errors=errors, form=token)


def _venue(venue_code: str) -> Venue:
    with parts().database.reading() as session:
        venue = directory.venue_by_code(session, venue_code)
    if venue is None:
        abort(404)
    return venue


def _only_venue() -> str | None:
    with parts().database.reading() as session:
        codes = list(session.scalars(select(Venue.code).limit(2)))
    return codes[0] if len(codes) == 1 else None
