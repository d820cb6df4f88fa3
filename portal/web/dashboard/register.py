"""The Wi-Fi register for an official request. Only an owner sees it, and every export is written down."""

from datetime import datetime

from flask import Response, g, make_response, render_template
from sqlalchemy.orm import Session

from portal.privacy import register_export
from portal.privacy.models import RegisterExport
from portal.privacy.register_export import Request
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.doors import own_venue
from portal.web.dashboard.forms.register import RegisterForm
from portal.web.dashboard.guards import allow, me
from portal.web.parts import parts


@bp.get("/venues/<code>/register", endpoint="register")
@allow("owner")
def register_form(code: str) -> str:
    """What may be asked for, and what was handed over before."""
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        earlier = register_export.latest(db, venue.legal_entity_id)
    return _page(RegisterForm(), venue, earlier)


@bp.post("/venues/<code>/register")
@allow("owner")
def export_register(code: str) -> Response | tuple[str, int]:
    """A signed file; the export and the journal's line are committed before it leaves the house."""
    form, now = RegisterForm(), parts().clock()
    with parts().database.reading() as db:
        venue = own_venue(db, code)
        asked = form.asked(venue.timezone, tuple(venue.regions)) if form.validate() else None
        if asked is None:
            return _page(form, venue, register_export.latest(db, venue.legal_entity_id)), 422
        request = Request(asked, f"{me().name} <{me().email}>", form.basis.data, str(g.language))
        entity = venue.legal_entity
        found = register_export.collect(db, entity, _in_sight(db, venue), request)
    with parts().database.writing() as db:
        content = register_export.export(db, parts().settings, entity, found, request, now)
        journal.write(db, me(), "register.export", f"{venue.code}: {form.basis.data}", now)
    return _download(content, venue, now)


def _in_sight(db: Session, venue: Venue) -> list[int]:
    """A person who was given some venues of the entity exports those only."""
    return [one.id for one in scope.venues(db, me()) if one.legal_entity_id == venue.legal_entity_id]


def _download(content: bytes, venue: Venue, now: datetime) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = "application/zip"
    answer.headers["Content-Disposition"] = f'attachment; filename="register-{venue.code}-{now:%Y%m%d-%H%M}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(form: RegisterForm, venue: Venue, earlier: list[RegisterExport]) -> str:
    days = parts().settings.retention_register.days
    return render_template("dashboard/register.html", form=form, venue=venue, earlier=earlier, days=days)
