"""The card's page: number and codes for the till. It opens offline and can stand on the home screen."""

import re
from typing import Any

from flask import Response, abort, current_app, g, jsonify, make_response, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from portal.acquisition.bots import classify
from portal.cards import barcodes, numbers, read
from portal.signup.card_opened import Shown, card_opened
from portal.venues.models import Venue
from portal.web.guest import bp
from portal.web.guest.seen import pixel
from portal.web.guest.shelf import shelf
from portal.web.parts import parts

# Captive windows and in-app browsers: WebKit without "Safari/", Android's WebView. Nothing can be kept there.
_WEBKIT = re.compile(r"\((iPhone|iPad|iPod|Macintosh).*AppleWebKit/")
_SMALL = ("CaptiveNetworkSupport", "CaptivePortalLogin", "; wv)")
_SAID: dict[str, Shown] = {"installed": "installed", "shown": "shown"}


def is_small_window(user_agent: str) -> bool:
    """True for a window that closes by itself or belongs to another app."""
    webkit_without_safari = _WEBKIT.search(user_agent) is not None and "Safari/" not in user_agent
    return webkit_without_safari or any(mark in user_agent for mark in _SMALL)


@bp.get("/c/<token>")
def card(token: str) -> Response:
    """Changes nothing. An unknown link and a retired card give the same 404."""
    found, venue = _card_and_venue(token)
    answer = make_response(render_card(venue, found.number, token))
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def render_card(venue: Venue, number: str, token: str, *, sample: bool = False) -> str:
    """The page of a number. A sample of it is nobody's: it keeps nothing and runs no script."""
    return render_template(
        "guest/card.html",
        venue=venue,
        number=numbers.grouped(number),
        qr=Markup(barcodes.qr_svg(number, _("QR code of the card number"))),  # noqa: S704  # our own drawing of digits
        bars=Markup(barcodes.code128_svg(number, _("Barcode of the card number"))),  # noqa: S704
        small_window=is_small_window(request.user_agent.string),
        card_url=parts().settings.base_url + url_for("guest.card", token=token),
        token=token,
        sample=sample,
    )


@bp.get("/c/<token>/manifest.webmanifest")
def card_manifest(token: str) -> Response:
    """Per card, so that the icon on the home screen opens this very card (iOS keeps no cookie for it)."""
    _found, venue = _card_and_venue(token)
    home = url_for("guest.card", token=token)
    answer = jsonify(
        id=home, start_url=home, scope=home, name=venue.name, short_name=venue.name[:12], lang=g.language,
        display="standalone", background_color="#ffffff", theme_color=venue.accent, icons=_icons(),
    )  # fmt: skip
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@bp.post("/c/<token>/saved")
def card_saved(token: str) -> tuple[str, int]:
    """The page's script tells that it runs from the home screen (`how=installed`), in a real browser (`opened`) or in a
    window that keeps nothing (`shown`)."""
    if not _note(token, _SAID.get(request.form.get("how", ""), "opened")):
        abort(404)
    return "", 204


@bp.get("/c/<token>/shown")
def card_shown(token: str) -> Response:
    """The picture of a page without scripts: the card is in use, wherever it is kept."""
    looked_at = classify(request.method, request.headers).kind == "person"
    return pixel(404 if looked_at and not _note(token, "shown") else 200)


@bp.get("/sw.js")
def service_worker() -> Response:
    """The offline worker; the header keeps it to card pages."""
    answer = current_app.send_static_file("guest/sw.js")
    answer.headers["Service-Worker-Allowed"] = "/c/"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _note(token: str, how: Shown) -> bool:
    with parts().database.writing() as session:
        return card_opened(session, token, how, parts().clock())


def _card_and_venue(token: str) -> tuple[Any, Venue]:
    with parts().database.glancing() as glances:
        found = read.shown(glances, token)
    if found is None:
        abort(404)
    front = shelf().by_venue_id(parts(), found.venue_id)
    assert front is not None  # venues are not deleted
    return found, front.venue


def _icons() -> list[dict[str, str]]:
    names = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"), ("icon-mask.png", "512x512", "maskable"))
    return [
        {"src": url_for("static", filename=f"guest/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for name, sizes, purpose in names
    ]
