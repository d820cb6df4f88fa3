"""The documents: the text in force, and each version on a page of its own. The page's text is the hashed bytes."""

from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import abort, g, render_template, request, url_for
from flask_babel import get_locale, refresh
from markupsafe import Markup
from sqlalchemy.orm import Session

from portal.consent import documents, markup
from portal.consent.models import DOCUMENT_KINDS, ConsentDocument
from portal.core.i18n import LANGUAGES
from portal.venues import directory
from portal.venues.models import Venue
from portal.web.guest import bp
from portal.web.guest.look import LANGUAGE_NAMES
from portal.web.parts import parts
from portal.web.security import csp_hash

# Bullets are part of the hashed text, so the browser must not draw its own.
STYLE = (
    ".text ul{list-style:none;margin:0 0 16px;padding:0}.text p+ul{margin-top:-8px}"
    ".text li{margin:0 0 4px;padding-left:1em;text-indent:-.8em}"
    ".text p,.text li,.text h1,.text h2,.sum{overflow-wrap:anywhere}.text h1{margin-bottom:16px}.sum{font-size:15px}"
)
_STYLE_HASH = csp_hash(STYLE)


@bp.get("/d/<venue_code>/<kind>")
@bp.get("/d/<venue_code>/<kind>/of/<token>")
def document(venue_code: str, kind: str, token: str | None = None) -> str:
    """The text in force, in the reader's language if there is one.

    With a visit's token the page has a way back to its form: captive windows have no back button.
    """
    with parts().database.reading() as session:
        venue = _venue(session, venue_code, kind)
        for language in dict.fromkeys((g.language, venue.language, *LANGUAGES)):
            found = documents.published(session, venue.id, kind, language)
            if found is not None:
                return _page(session, venue, found, request.path, token)
    abort(404)


@bp.get("/d/<venue_code>/<kind>/<int:version>/<language>")
def document_version(venue_code: str, kind: str, version: int, language: str) -> str:
    """One version in one language, for as long as the house stands."""
    with parts().database.reading() as session:
        venue = _venue(session, venue_code, kind)
        found = documents.one_version(session, venue.id, kind, version, language) if version < 2**31 else None
        if found is None:
            abort(404)
        g.language = language
        refresh()
        return _page(session, venue, found, None)


def _venue(session: Session, code: str, kind: str) -> Venue:
    venue = directory.venue_by_code(session, code) if kind in DOCUMENT_KINDS else None
    if venue is None:
        abort(404)
    return venue


def _page(session: Session, venue: Venue, shown: ConsentDocument, standing_url: str | None, token: str | None = None) -> str:
    versions = documents.list_for_venue(session, venue.id, kind=shown.kind, drafts=False)
    newest = max(d.version for d in versions if d.language == shown.language)
    g.csp_styles = (*getattr(g, "csp_styles", ()), _STYLE_HASH)
    return render_template(
        "guest/document.html",
        venue=venue,
        document=shown,
        html=Markup(markup.to_html(shown.body)),  # noqa: S704 - every character of it was escaped
        document_style=Markup(STYLE),  # noqa: S704 - ours
        versions=[(d, LANGUAGE_NAMES[d.language], _url(venue, d), _day(venue, d)) for d in versions],
        superseded=shown.version < newest,
        back_url=url_for("guest.form_again", token=token) if token else None,
        standing_url=f"/d/{venue.code}/{shown.kind}",
        language_links=_languages(venue, shown, versions, standing_url),
    )


def _languages(
    venue: Venue, shown: ConsentDocument, versions: list[ConsentDocument], standing_url: str | None
) -> list[tuple[str, str, str]]:
    """The same text in the other languages: in force, or of the same version."""
    there = {d.language: _url(venue, d) for d in versions if standing_url or d.version == shown.version}
    return [
        (language, LANGUAGE_NAMES[language], f"{standing_url}?lang={language}" if standing_url else there[language])
        for language in LANGUAGES
        if language in there and language != shown.language
    ]


def _url(venue: Venue, one: ConsentDocument) -> str:
    return f"/d/{venue.code}/{one.kind}/{one.version}/{one.language}"


def _day(venue: Venue, one: ConsentDocument) -> str:
    """The day of publication at the venue."""
    assert one.published_at is not None
    return str(format_date(one.published_at.astimezone(ZoneInfo(venue.timezone)), format="long", locale=get_locale()))
