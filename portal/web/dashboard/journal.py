"""What the staff did."""

from flask import render_template

from portal.staff import journal
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/journal", endpoint="journal")
@allow("owner")
def show_journal() -> str:
    """The newest lines of the organization."""
    with parts().database.reading() as db:
        lines = journal.latest(db, me().organization_id)
    return render_template("dashboard/journal.html", lines=lines)
