"""What becomes of a placement: paused, pointed elsewhere, merged, retired, and its history. Its printed code lands throughout."""

from collections.abc import Callable
from datetime import datetime

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.acquisition import history, life, pointing, sources
from portal.acquisition.models import Source
from portal.core.errors import PortalError
from portal.staff import journal, scope
from portal.venues.models import Venue
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.source import TargetForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.source_words import REFUSALS
from portal.web.dashboard.sources import own_source, target_in_sight
from portal.web.parts import parts

_Change = Callable[[Session, Source, datetime, str], None]


@bp.get("/sources/<code>/life")
@allow("marketer")
def source_life(code: str) -> str:
    """Where it stands, what can be done with it, what was done."""
    return _page(code, "")


@bp.post("/sources/<code>/pause")
@allow("marketer")
def pause_source(code: str) -> Response:
    """Expect no visits of it for a while."""
    return _change(code, "source.pause", life.pause, _("Paused. Its printed code still lands and still counts."))


@bp.post("/sources/<code>/resume")
@allow("marketer")
def resume_source(code: str) -> Response:
    """Expect visits again."""
    return _change(code, "source.resume", life.resume, _("Back in use."))


@bp.post("/sources/<code>/retire")
@allow("marketer")
def retire_source(code: str) -> Response:
    """Take it out of the lists; whoever scans the paper still lands."""
    return _change(code, "source.retire", life.retire, _("Retired. Its printed code still lands and still counts."))


@bp.post("/sources/<code>/reactivate")
@allow("marketer")
def reactivate_source(code: str) -> Response:
    """Put it back."""
    return _change(code, "source.reactivate", life.reactivate, _("Back in use."))


@bp.post("/sources/<code>/part")
@allow("marketer")
def part_source(code: str) -> Response:
    """Take a merge back."""
    return _change(code, "source.part", life.part, _("Parted: its past is a row of its own again."))


@bp.post("/sources/<code>/home")
@allow("marketer")
def point_home(code: str) -> Response | tuple[str, int]:
    """Let its printed code land as itself again."""

    def home(db: Session, source: Source, now: datetime, who: str) -> None:
        life.point(db, source, None, now, who)

    return _asked(code, "source.point", home, _("Its printed code lands as itself again."))


@bp.post("/sources/<code>/point")
@allow("marketer")
def point_source(code: str) -> Response | tuple[str, int]:
    """Let its printed code land and count as another one."""

    def point(db: Session, source: Source, now: datetime, who: str) -> None:
        life.point(db, source, _target(db), now, who)

    return _asked(code, "source.point", point, _("Its printed code lands and counts there from now on."))


@bp.post("/sources/<code>/merge")
@allow("marketer")
def merge_source(code: str) -> Response | tuple[str, int]:
    """Show its past in another one's row, where its printed code lands too."""

    def merge(db: Session, source: Source, now: datetime, who: str) -> None:
        life.merge(db, source, _target(db), now, who)

    return _asked(code, "source.merge", merge, _("Merged. Its past is shown in the other's row; they can be parted again."))


def _target(db: Session) -> Source:
    """The placement that the form names, if it is in sight."""
    code = TargetForm().target.data or ""
    target = sources.find_by_code(db, code)
    if target is None or target.venue_id not in {venue.id for venue in scope.venues(db, me())}:
        raise PortalError("unknown_source")
    return target


def _asked(code: str, action: str, change: _Change, said: str) -> Response | tuple[str, int]:
    """As `_change`; a refusal is told on the page."""
    try:
        return _change(code, action, change, said)
    except PortalError as refused:
        return _page(code, refused.code), 422


def _change(code: str, action: str, change: _Change, said: str) -> Response:
    now = parts().clock()
    with parts().database.writing() as db:
        source, _venue = own_source(db, code)
        change(db, source, now, me().name)
        journal.write(db, me(), action, source.code, now)
    flash(said)
    return redirect(url_for("dashboard.source_life", code=source.code), 303)


def _page(code: str, refusal: str) -> str:
    with parts().database.reading() as db:
        source, venue = own_source(db, code)
        others = [
            (one, at) for at in scope.venues(db, me()) for one in sources.list_for_venue(db, at.id)
            if one.id != source.id and not one.merged_at and not one.retired_at and not pointing.leads_to(db, one, source)
        ]  # fmt: skip
        target = target_in_sight(db, source)
        events = history.of_source(db, source)
    here = [pair for pair in others if pair[1].id == venue.id]
    return render_template(
        "dashboard/source_life.html", source=source, venue=venue, target=target, events=events,
        point_form=_form(others), merge_form=_form(here), refusal=REFUSALS[refusal] if refusal else "",
    )  # fmt: skip


def _form(others: list[tuple[Source, Venue]]) -> TargetForm | None:
    form: TargetForm = TargetForm().offer([(source, venue.name) for source, venue in others])
    return form if others else None
