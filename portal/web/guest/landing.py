"""The page that a scan, a link or the Wi-Fi opens. It writes nothing."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from portal.acquisition.bots import classify
from portal.acquisition.entry import FORM_FOR, Entry, new_entry, open_entry, seal_entry
from portal.acquisition.models import Source
from portal.acquisition.pointing import within
from portal.acquisition.utm import match, read_utm
from portal.venues.models import Venue
from portal.web.guest import arrival, bp, told, welcome
from portal.web.guest.client import keep_device
from portal.web.guest.forms import Typed, document_url, shown_boxes, shown_fields
from portal.web.guest.shelf import TERMS_KINDS, Front, shelf
from portal.web.parts import parts

_USUAL_PATH = re.compile(r"/[sv]/[a-z0-9-]{1,40}")
_TOKEN = "@@entry-token@@"  # noqa: S105 - stands in a kept page where the visit's token goes


@bp.get("/")
def index() -> AnyResponse | str:
    """Nobody prints this address: say what to do."""
    return render_template("guest/index.html")


@bp.get("/s/<code>")
def scanned(code: str) -> AnyResponse:
    """A printed code: it never dies, whether its source is retired, paused, pointed elsewhere or merged."""
    front = shelf().by_source(parts(), code[:40].strip().lower())
    if front is None or front.source is None:
        return make_response(render_template("guest/not_found.html"), 404)
    entry = new_entry(front.venue.id, front.source.id, "qr", _language(front), parts().clock())
    return _landing(front, entry)


@bp.get("/v/<venue_code>")
def linked(venue_code: str) -> AnyResponse:
    """A link made elsewhere, with utm_… values of any quality."""
    front = shelf().by_venue(parts(), venue_code[:40].lower())
    if front is None:
        return make_response(render_template("guest/not_found.html"), 404)
    utm = read_utm(
        parse_qsl(request.query_string.decode("utf-8", "replace")[:20_000], keep_blank_values=True, max_num_fields=None)
    )
    named = match(utm, front.sources, front.venue.utm_aliases)
    source = within(named, front.sources) if named else None
    entry = new_entry(
        front.venue.id, source.id if source else None, "link", _language(front), parts().clock(),
        utm_raw=utm.raw if source is None else None, utm_cut=utm.cut and source is None,
    )  # fmt: skip
    return _landing(front, entry)


@bp.get("/wifi/<venue_code>")
def joined(venue_code: str) -> AnyResponse:
    """The gateway's redirect. What it says of a login is answered; a pending code or a running grant is taken up again."""
    front = shelf().by_venue(parts(), venue_code[:40].lower())
    if front is None:
        return make_response(render_template("guest/not_found.html"), 404)
    values = arrival.read(front)
    if values is None and request.args.get("status") == "authenticated":
        return told.online_already(front)
    if values is None:
        return make_response(render_template("guest/message.html", venue=front.venue, **_reconnect()), 400)
    back = told.answer_to(front, values) or arrival.take_up(front, values)
    if back is not None:
        return back
    values.pop("back", None)  # of an earlier visit
    source = _of_wifi(front)
    entry = new_entry(front.venue.id, source.id if source else None, "wifi", _language(front), parts().clock(), arrival=values)
    return welcome.page(front, entry) if welcome.is_known(front, values) else _landing(front, entry)


@bp.get("/form/<token>")
def form_again(token: str) -> AnyResponse:
    """The same visit's empty form, for who looked at another way in and came back."""
    entry = open_entry(parts().settings.keys, token, parts().clock(), FORM_FOR)
    front = shelf().by_venue_id(parts(), entry.venue_id)
    assert front is not None
    g.language = g.asked_language or entry.language
    entry = replace(entry, language=g.language)  # the boxes of the page and of the form that comes back are of one language
    return make_response(render_landing(front, entry, Typed(), {}, seal_entry(parts().settings.keys, entry, parts().clock())))


def _reconnect() -> dict[str, Any]:
    return {
        "title": _("The Wi-Fi did not introduce your phone"),
        "text": _("Leave this Wi-Fi network and join it again. If that does not help, ask the staff."),
        "next_url": None,
        "next_label": None,
    }


def not_open(venue: Venue) -> AnyResponse:
    """A venue that has not gone live takes no phones: its documents may be drafts."""
    title, text = _("This page is not open yet"), _("The place is still setting it up. Ask the staff, or come back later.")
    return make_response(
        render_template("guest/message.html", venue=venue, title=title, text=text, next_url=None, next_label=None)
    )


def _of_wifi(front: Front) -> Source | None:
    """The oldest Wi-Fi placement in use; of retired ones only where there is no other."""
    ours = sorted((s for s in front.sources if s.kind == "wifi"), key=lambda s: (s.retired_at is not None, s.id))
    return within(ours[0], front.sources) if ours else None


def _language(front: Front) -> str:
    if g.asked_language is None and not request.cookies.get("lang") and not request.headers.get("Accept-Language"):
        g.language = front.venue.language
    return str(g.language)


def _landing(front: Front, entry: Entry) -> AnyResponse:
    """The page with this visit's token put in; kept where nothing but the token differs from one guest to the next."""
    if not front.venue.live:
        return not_open(front.venue)
    token = seal_entry(parts().settings.keys, entry, parts().clock())
    key = (entry.entry, g.language)
    if not _is_usual():
        page = render_landing(front, entry, Typed(), {}, token)
    else:
        if key not in front.pages:
            front.pages[key] = (render_landing(front, entry, Typed(), {}, _TOKEN), g.csp_styles)
        kept, g.csp_styles = front.pages[key]
        page = kept.replace(_TOKEN, token)
    response = Response(page, content_type="text/html; charset=utf-8")
    if classify(request.method, request.headers).kind == "person":
        keep_device(response)
    if g.asked_language:
        response.set_cookie("lang", g.language, max_age=365 * 24 * 3600, samesite="Lax", httponly=True)
    return response


def _is_usual() -> bool:
    """Whether this request's page may be kept for everybody: its address stands in the links to other languages."""
    plain = request.query_string in (b"", f"lang={g.language}".encode())
    return plain and request.method == "GET" and _USUAL_PATH.fullmatch(request.path) is not None


def render_landing(front: Front, entry: Entry, typed: Typed, errors: dict[str, str], token: str, *, seen: bool = True) -> str:
    """The landing with the form as typed; without `seen` it counts no visit."""
    venue, path = front.venue, "wifi" if entry.entry == "wifi" else "qr"
    language = str(g.language)
    return render_template(
        "guest/landing.html",
        venue=venue,
        offer=venue.offer_en if language == "en" and venue.offer_en else venue.offer_ru,
        entry_token=token,
        seen_url=url_for("guest.seen", token=token) if seen else None,
        path=path,
        form=typed,
        errors=errors,
        fields=[(name, mode, venue.question_en if language == "en" else venue.question_ru) for name, mode in shown_fields(venue)],
        boxes=shown_boxes(front, language, path, token),
        terms_urls={kind: document_url(venue, kind, token) for kind in TERMS_KINDS if (kind, language) in front.documents},
        voucher_url=url_for("guest.voucher", token=token) if venue.vouchers and path == "wifi" else None,
        me_url=url_for("guest.me", venue_code=venue.code),
        action=url_for("guest.signup"),
    )
