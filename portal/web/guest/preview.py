"""A guest's landing or card as an owner is about to make it, in a frame of the dashboard. It counts no visit, sends nothing."""

from dataclasses import replace

from flask import abort, g
from sqlalchemy import inspect

from portal.acquisition.entry import new_entry
from portal.venues.models import Venue
from portal.web import preview
from portal.web.guest import bp
from portal.web.guest.card import render_card
from portal.web.guest.forms import Typed
from portal.web.guest.landing import render_landing
from portal.web.guest.shelf import shelf
from portal.web.parts import parts
from portal.web.preview import Look

SAMPLE_NUMBER = "2000000000008"  # with its check digit; ten noughts come up once in 10^10 cards


@bp.get("/preview/<token>")
def preview_page(token: str) -> str:
    """The real page with the values of the link; only our own pages may frame it."""
    now = parts().clock()
    look = preview.unseal(parts().settings.keys, token, now)
    front = shelf().by_venue_id(parts(), look.venue_id)
    if front is None:
        abort(404)
    g.framed = True
    g.language = look.language
    venue = _as_it_would_be(front.venue, look)
    if look.page == "card":
        return render_card(venue, SAMPLE_NUMBER, "sample", sample=True)
    entry = new_entry(front.venue.id, None, "wifi" if look.page == "wifi" else "qr", look.language, now)
    return render_landing(replace(front, venue=venue), entry, Typed(), {}, "preview", seen=False)


def _as_it_would_be(venue: Venue, look: Look) -> Venue:
    """A copy that no session knows: nothing of it can be saved."""
    values = {column.key: getattr(venue, column.key) for column in inspect(Venue).column_attrs}
    return Venue(**{**values, "accent": look.accent, "offer_ru": look.offer_ru, "offer_en": look.offer_en})
