"""The browsers that a person is signed in with."""

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.staff import journal, sessions
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/sessions", endpoint="sessions")
@allow("staff")
def list_sessions() -> str:
    """Each with a button that signs it out."""
    with parts().database.reading() as db:
        rows = sessions.list_for(db, me().id, parts().clock())
    return render_template("dashboard/sessions.html", rows=rows, current=current_user.at.id)


@bp.post("/sessions/<int:session_id>/revoke")
@allow("staff")
def revoke_session(session_id: int) -> Response:
    """Sign one browser out; another person's session answers as one that does not exist."""
    with parts().database.writing() as db:
        done = sessions.revoke(db, me().id, session_id)
        if done:
            journal.write(db, me(), "session.revoke", me().email, parts().clock())
    if not done:
        abort(404)
    flash(_("That browser is signed out."))
    return redirect(url_for("dashboard.sessions"), 303)


@bp.post("/sessions/revoke-others")
@allow("staff")
def revoke_other_sessions() -> Response:
    """Sign every browser out but this one."""
    with parts().database.writing() as db:
        count = sessions.revoke_others(db, me().id, current_user.at.id)
        journal.write(db, me(), "session.revoke", f"{me().email} × {count}", parts().clock())
    flash(_("Every other browser is signed out."))
    return redirect(url_for("dashboard.sessions"), 303)
