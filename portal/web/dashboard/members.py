"""Members for the owner's own mailings: what will be in the file and why, asked once, then the file."""

from flask import Response, abort, g, render_template
from flask_wtf import FlaskForm

from portal.privacy import member_export
from portal.reporting.exports import WRITERS
from portal.staff import journal
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.files import made, sent
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/venues/<code>/members", endpoint="members")
@allow("owner")
def members_page(code: str) -> str:
    """How many agreed, and what taking them means."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        count = member_export.count(db, parts().settings.keys, venue)
    return render_template("dashboard/members.html", venue=venue, count=count, form=FlaskForm())


@bp.post("/venues/<code>/export/members.<suffix>", endpoint="members_file")
@allow("owner")
def download_members(code: str, suffix: str) -> Response:
    """The file. That it was taken, and how many people are in it, is written down before it leaves."""
    now = parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        if suffix not in WRITERS:
            abort(404)
        name = venue.code
        file = made(member_export.members(db, parts().settings.keys, venue, str(g.language)), suffix)
    with parts().database.writing() as db:
        journal.write(db, me(), "members.export", f"{name}: {file.lines}", now)
    return sent(file, name, "members", f"{now:%Y-%m-%d}")
