"""What the staff did: by person, action and day, a page at a time or as a file."""

from datetime import date

from flask import Response, abort, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.reporting.exports import WRITERS, Column, Table
from portal.staff import journal, people, scope
from portal.staff.journal import Asked
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.files import made, sent
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.words import ACTIONS
from portal.web.parts import parts

_MOST_PAGES = 10_000
_YEARS = (2000, 2198)


@bp.get("/journal", endpoint="journal")
@allow("owner", everywhere=True)
def show_journal() -> str:
    """The newest lines of the organization, those that the address asks for."""
    organization_id, number = me().organization_id, _page_number()
    with parts().database.reading() as db:
        asked = _asked(db)
        lines, has_more = journal.page(db, organization_id, asked, number)
        return render_template(
            "dashboard/journal.html", lines=lines, asked=asked, number=number, has_more=has_more,
            everyone=people.everyone(db, organization_id), actions=journal.actions(db, organization_id),
            kept={name: value for name, value in request.args.items() if name in ("person", "action", "from", "to") and value},
        )  # fmt: skip


@bp.get("/journal.<suffix>")
@allow("owner", everywhere=True)
def journal_file(suffix: str) -> Response:
    """The same lines as a file that no spreadsheet runs."""
    if suffix not in WRITERS:
        abort(404)
    organization_id, now = me().organization_id, parts().clock()
    with parts().database.reading() as db:
        asked = _asked(db)
        lines = journal.everything(db, organization_id, asked)
        rows = ((line.at, line.who, str(ACTIONS.get(line.action, line.action)), line.subject) for line in lines)
        columns = (Column(_("When"), "moment"), Column(_("Who")), Column(_("What")), Column(_("About")))
        file = made(Table(_("Journal"), columns, rows, asked.zone), suffix)
    with parts().database.writing() as db:
        journal.write(db, me(), "journal.export", f"{file.lines}", now)
    return sent(file, "vestibule-journal", f"{now:%Y-%m-%d}")


def _asked(db: Session) -> Asked:
    """What cannot be read is not asked for: the form on the page then shows that it is empty."""
    person = request.args.get("person", "")
    venues = scope.venues(db, me())
    return Asked(
        int(person) if person.isascii() and person.isdigit() and len(person) < 16 else None,
        request.args.get("action", "")[:60],
        _day("from"),
        _day("to"),
        venues[0].timezone if venues else "UTC",
    )


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if _YEARS[0] <= day.year <= _YEARS[1] else None


def _page_number() -> int:
    typed = request.args.get("page", "")
    return min(max(int(typed), 1), _MOST_PAGES) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 1
