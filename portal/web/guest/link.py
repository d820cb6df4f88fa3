"""The short link in the SMS: before the code it shows the code form, after it the card. Opening changes nothing."""

from datetime import timedelta

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from portal.cards import read as cards
from portal.core.address import read_address
from portal.core.limits import Limit, peek, take
from portal.signup import lookup
from portal.signup.allowance import network_of
from portal.signup.lookup import Ticket, seal_ticket
from portal.venues import directory
from portal.web.guest import bp
from portal.web.parts import parts


@bp.get("/l/<link>")
def short_link(link: str) -> AnyResponse:
    """Fifty bits, so misses are limited per address."""
    now, settings = parts().clock(), parts().settings
    address = settings.keys.keyed_hash("limit", network_of(read_address(request.remote_addr) or "127.0.0.1"))
    misses = Limit("short_link", f"sl:{address}", settings.limit_short_link_ip_hour, timedelta(hours=1))
    with parts().database.reading() as session:
        refused = peek(session, misses, now) >= misses.count
        verification = None if refused else lookup.by_link(session, link[:20].lower())
        card = cards.by_id(session, verification.card_id) if verification and verification.card_id else None
        venue = directory.venue_by_id(session, verification.venue_id) if verification else None
    if verification is None or venue is None:
        with parts().database.writing() as session:
            take(session, [misses], now)
        return make_response(render_template("guest/not_found.html"), 404)
    if card is not None and card.retired_at is None:
        return redirect(url_for("guest.card", token=card.token), 303)
    token = seal_ticket(settings.keys, Ticket(verification.public_id, by_mac=False, by_link=True), now)
    if verification.closed_at is None and verification.expires_at > now:
        return redirect(url_for("guest.verify", token=token), 303)
    if verification.consumed_at is None and verification.phone is not None:
        return redirect(url_for("guest.ask_unwanted", token=token), 303)  # which also leads to a new beginning
    return redirect(url_for("guest.linked", venue_code=venue.code), 303)
