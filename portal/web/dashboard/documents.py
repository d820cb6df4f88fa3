"""Documents of a venue: drafts, preview, publication. There is no control here that could tick a guest's box."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.consent import documents, markup, texts
from portal.consent.models import DOCUMENT_KINDS, ConsentDocument
from portal.core.errors import PortalError
from portal.core.i18n import LANGUAGES
from portal.signup import remembering
from portal.staff import journal
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.document import DocumentForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts

_ONE = "/venues/<code>/documents/<kind>/<language>/<int:version>"


@bp.get("/venues/<code>/documents", endpoint="documents")
@allow("owner")
def list_documents(code: str) -> str:
    """Every kind and language: what is in force, what is a draft, what is missing."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        found = documents.list_for_venue(db, venue.id)
    rows = [(kind, language, _of(found, kind, language)) for kind in DOCUMENT_KINDS for language in LANGUAGES]
    return render_template(
        "dashboard/documents.html", venue=venue, rows=rows, missing=any(not versions for *_key, versions in rows)
    )


@bp.post("/venues/<code>/documents/draft")
@allow("owner")
def draft_documents(code: str) -> Response:
    """Make the drafts that are missing, and fill gaps of the others with what is known by now."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        documents.draft_all(db, venue, venue.legal_entity, now, parts().settings)
        journal.write(db, me(), "document.new", venue.code, now)
    flash(_("The drafts are made. Let your lawyer read each before you publish it."))
    return redirect(url_for("dashboard.documents", code=code), 303)


@bp.get(_ONE, endpoint="document")
@allow("owner")
def show_document(code: str, kind: str, language: str, version: int) -> str:
    """One version exactly as guests read it."""
    with parts().database.reading() as db:
        venue, document = _own(db, code, kind, language, version)
    html = Markup(markup.to_html(document.body))  # noqa: S704  # the renderer escapes every character of the body
    gaps = [] if document.published_at else texts.left_empty(document.body)
    return render_template("dashboard/document.html", venue=venue, document=document, html=html, gaps=gaps)


@bp.get(_ONE + "/edit")
@allow("owner")
def edit_document(code: str, kind: str, language: str, version: int) -> str:
    """A draft's words."""
    with parts().database.reading() as db:
        venue, document = _own(db, code, kind, language, version)
    if document.published_at:
        abort(404)
    return render_template("dashboard/document_form.html", form=DocumentForm(obj=document), venue=venue, document=document)


@bp.post(_ONE + "/edit")
@allow("owner")
def save_document(code: str, kind: str, language: str, version: int) -> Response | tuple[str, int]:
    """Keep a draft; a published version refuses."""
    form, now = DocumentForm(), parts().clock()
    with parts().database.writing() as db:
        venue, document = _own(db, code, kind, language, version)
        if document.published_at:
            abort(404)
        if not form.validate():
            return render_template("dashboard/document_form.html", form=form, venue=venue, document=document), 422
        documents.edit_draft(db, document, form.body.data)
        journal.write(db, me(), "document.edit", _subject(venue, document), now)
    flash(_("The draft is kept. Guests do not see it until you publish it."))
    return redirect(_address(venue, document), 303)


@bp.post(_ONE + "/publish")
@allow("owner")
def publish_document(code: str, kind: str, language: str, version: int) -> Response:
    """Put a draft in force for good, unless gaps are left in it."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue, document = _own(db, code, kind, language, version)
        try:
            remembering.publish(db, document, now)
        except PortalError:
            return redirect(_address(venue, document), 303)  # the page names the gaps
        journal.write(db, me(), "document.publish", _subject(venue, document), now)
    flash(_("Published. Guests read this version from now on."))
    return redirect(_address(venue, document), 303)


@bp.post(_ONE + "/next")
@allow("owner")
def next_document(code: str, kind: str, language: str, version: int) -> Response:
    """A draft of the next version with these words."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue, document = _own(db, code, kind, language, version)
        draft = documents.draft_from(db, document, now)
        journal.write(db, me(), "document.new", _subject(venue, draft), now)
    return redirect(url_for("dashboard.edit_document", code=code, kind=kind, language=language, version=draft.version), 303)


def _own(session: Session, code: str, kind: str, language: str, version: int) -> tuple[Venue, ConsentDocument]:
    venue = own_venue(session, code)
    for document in documents.list_for_venue(session, venue.id, kind=kind):
        if (document.language, document.version) == (language, version):
            return venue, document
    abort(404)


def _of(found: list[ConsentDocument], kind: str, language: str) -> list[ConsentDocument]:
    return [document for document in found if (document.kind, document.language) == (kind, language)]


def _address(venue: Venue, document: ConsentDocument) -> str:
    return url_for(
        "dashboard.document", code=venue.code, kind=document.kind, language=document.language, version=document.version
    )  # fmt: skip


def _subject(venue: Venue, document: ConsentDocument) -> str:
    return f"{venue.code} {document.kind} {document.language} {document.version}"
