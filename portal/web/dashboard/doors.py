"""What nearly every view begins with: the venue that is meant, if the person may see it."""

from flask import abort, request
from sqlalchemy.orm import Session

from portal.staff import scope
from portal.venues.models import Venue
from portal.web.dashboard.guards import me


def own_venue(session: Session, code: str) -> Venue:
    """The venue of this code; 404 when it is not in sight, whether or not it exists."""
    venue = scope.venue(session, me(), code)
    if venue is None:
        abort(404)
    return venue


def chosen_venue(session: Session) -> tuple[Venue | None, list[Venue]]:
    """The venue that `?venue=` names, else the first one in sight; and all of them for the picker."""
    venues = scope.venues(session, me())
    if code := request.args.get("venue"):
        return own_venue(session, code), venues
    return (venues[0] if venues else None), venues
