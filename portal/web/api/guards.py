"""Who asks: a live token, and not too often."""

from datetime import datetime, timedelta
from math import ceil

from flask import Response, abort, g, request
from sqlalchemy.orm import Session

from portal.core.limits import Limit, LimitReached, take
from portal.staff import api_tokens, scope
from portal.staff.models import ApiToken
from portal.venues.models import Venue
from portal.web.api.blueprint import bp
from portal.web.parts import parts
from portal.web.problems import problem

A_MINUTE = 120
OPEN = {"api.document"}


@bp.before_request
def _door() -> Response | None:
    if request.endpoint in OPEN:
        return None
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return problem(401)
    now = parts().clock()
    with parts().database.reading() as session:
        row = api_tokens.find(session, token.strip())
    if row is None:
        return problem(401)
    refused = _count(row, now)
    if refused is not None:
        answer = problem(429)
        answer.headers["Retry-After"] = str(max(1, ceil((refused.opens_at - now).total_seconds())))
        return answer
    g.api_token = row
    return None


def _count(row: ApiToken, now: datetime) -> LimitReached | None:
    with parts().database.writing() as session:
        refused = take(session, [Limit("api", f"api:{row.public_id}", A_MINUTE, timedelta(minutes=1))], now)
        if refused is None:
            api_tokens.touch(session, row, now)
    return refused


def own_venue(session: Session, code: str) -> Venue:
    """The venue of this code in the token's scope; 404 otherwise, whether or not it exists."""
    venue = scope.venue(session, token(), code)
    if venue is None:
        abort(404)
    return venue


def token() -> ApiToken:
    """The key that asks."""
    row: ApiToken = g.api_token
    return row
