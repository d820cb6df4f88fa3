"""What templates of guest pages call: the venue's logo, language links, times and spans as a guest reads them."""

import base64
import string
from datetime import datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_time
from flask import Flask, g, request
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from portal.core.i18n import LANGUAGES
from portal.web.colour import DEFAULT_ACCENT
from portal.web.guest.style import use_style

LANGUAGE_NAMES = {"ru": "Русский", "en": "English"}
LOGO_BYTES = 6 * 1024  # a larger logo would break the landing's 14 KB


class Branded(Protocol):
    """A venue as far as its look goes."""

    name: str
    accent: str
    logo_svg: str
    logo_png: bytes | None


def register(app: Flask) -> None:
    """Give the templates their words."""
    app.jinja_env.globals.update(venue_style=venue_style, logo=logo, other_languages=other_languages)
    app.jinja_env.filters.update(time_at=time_at, span=span, countdown=countdown)


def venue_style(venue: Branded | None) -> Markup:
    """The page's style block in the venue's accent."""
    return use_style(venue.accent if venue else DEFAULT_ACCENT)


def logo(venue: Branded) -> str:
    """The logo as a data: URI, or nothing: the page then shows a monogram."""
    if venue.logo_svg and len(venue.logo_svg) <= LOGO_BYTES:
        return _svg_uri(venue.logo_svg)
    if venue.logo_png and len(venue.logo_png) <= LOGO_BYTES:
        return "data:image/png;base64," + base64.b64encode(venue.logo_png).decode()
    return ""


@lru_cache(maxsize=512)
def _svg_uri(svg: str) -> str:
    """Percent-encoded, not base64: it still compresses."""
    return "data:image/svg+xml," + quote(svg, safe=" =:/;,()!@*$'")


def other_languages() -> list[tuple[str, str, str]]:
    """Code, name and link of each other language of this page; none on the answer to a form.

    The query stays as it was written, because gateways sign that; the language stands behind it.
    """
    if request.method != "GET":
        return []
    kept = b"&".join(pair for pair in request.query_string.split(b"&") if not pair.startswith(b"lang="))
    query = quote(kept, safe=string.punctuation) + ("&" if kept else "")
    mine = getattr(g, "language", LANGUAGES[0])
    return [(code, LANGUAGE_NAMES[code], f"{quote(request.path)}?{query}lang={code}") for code in LANGUAGES if code != mine]


def time_at(moment: datetime, timezone: str) -> str:
    """A time of day at the venue."""
    return format_time(moment, "short", tzinfo=ZoneInfo(timezone), locale=get_locale())


def span(seconds: float) -> str:
    """A span in hours and minutes, rounded down, never below a minute."""
    hours, minutes = divmod(max(1, int(seconds) // 60), 60)
    if not hours:
        return str(_("%(minutes)s min", minutes=minutes))
    if not minutes:
        return str(_("%(hours)s h", hours=hours))
    return str(_("%(hours)s h %(minutes)s min", hours=hours, minutes=minutes))


def countdown(seconds: float) -> str:
    """Minutes and seconds as on a stopwatch: 1:05."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02d}"
