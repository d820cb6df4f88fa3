"""Sheets to print for a placement: table tent, sticker, receipt strip, poster; as a page and as SVG."""

from flask import Response, abort, make_response, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.acquisition.models import Source
from portal.core.i18n import LANGUAGES
from portal.venues.models import Venue
from portal.web import colour
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow
from portal.web.dashboard.sheet_art import FORMATS, Drawing, draw
from portal.web.dashboard.sources import own_source
from portal.web.parts import parts


@bp.get("/sources/<code>/sheets", endpoint="sheets")
@allow("marketer")
def list_sheets(code: str) -> str:
    """All formats side by side, with the link for where nothing is printed."""
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
    drawings = {name: _drawing(name, source, venue) for name in FORMATS}
    return render_template("dashboard/sheets.html", drawings=drawings, source=source, venue=venue, **_words(source, venue))


@bp.get("/sources/<code>/sheets/<name>")
@allow("marketer")
def sheet(code: str, name: str) -> str:
    """One format alone on a page of its paper's size."""
    if name not in FORMATS:
        abort(404)
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
    page = _drawing(name, source, venue)
    return render_template("dashboard/sheet.html", drawing=page, name=name, source=source, venue=venue, **_words(source, venue))


@bp.get("/sources/<code>/sheets/<name>.svg")
@allow("marketer")
def sheet_svg(code: str, name: str) -> Response:
    """One format as a file for a print shop."""
    if name not in FORMATS:
        abort(404)
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
    svg = render_template("dashboard/sheet.svg", drawing=_drawing(name, source, venue), **_words(source, venue))
    answer = make_response(svg)
    answer.headers["Content-Type"] = "image/svg+xml; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{source.code}-{name}.svg"'
    return answer


def _link(source: Source) -> str:
    return f"{parts().settings.base_url}/s/{source.code}"


def _language(venue: Venue) -> str:
    """The paper speaks the venue's language unless another is asked for."""
    wanted = request.args.get("paper", "")
    return wanted if wanted in LANGUAGES else venue.language


def _drawing(name: str, source: Source, venue: Venue) -> Drawing:
    offer = {"ru": venue.offer_ru, "en": venue.offer_en}[_language(venue)]
    with force_locale(_language(venue)):
        told = source.kind == "wifi" and venue.adult_notice
        call = _("Children use this Wi-Fi together with an adult.") if told else _("Point the camera of your phone here")
        return draw(name, _link(source), venue.name, offer or _("Your guest card"), call)


def _words(source: Source, venue: Venue) -> dict[str, object]:
    light = colour.palette(venue.accent)[0]
    link = _link(source)
    return {"link": link, "short": link.split("://", 1)[1], "accent": light, "paper": _language(venue)}
