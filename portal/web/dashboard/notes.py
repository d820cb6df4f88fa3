"""Notes on the graph: marketers write what happened, and take it away again."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.reporting import annotations
from portal.staff import journal
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.note import NoteForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.post("/venues/<code>/notes")
@allow("marketer")
def add_note(code: str) -> Response | tuple[str, int]:
    """Write one; back to the graph of its day."""
    form, now = NoteForm(), parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        if not form.validate():
            return render_template("dashboard/note_form.html", form=form, venue=venue), 422
        annotations.add(db, venue, form.day.data, form.text.data, me().name, now)
        journal.write(db, me(), "note.add", f"{venue.code} {form.day.data.isoformat()}", now)
    flash(_("The note stands on the graph."))
    return redirect(url_for("dashboard.overview", venue=venue.code), 303)


@bp.post("/venues/<code>/notes/<note>/remove")
@allow("marketer")
def remove_note(code: str, note: str) -> Response:
    """Take one away; 404 for a note of another venue."""
    now = parts().clock()
    with parts().database.writing() as db:
        venue = own_venue(db, code)
        removed = annotations.remove(db, venue.id, note)
        if removed is None:
            abort(404)
        journal.write(db, me(), "note.remove", f"{venue.code} {removed.day.isoformat()}", now)
    flash(_("The note was taken away."))
    return redirect(url_for("dashboard.overview", venue=venue.code), 303)
