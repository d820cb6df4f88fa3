"""Whether the house stands, for balancers and Prometheus. Says nothing about guests."""

import hmac
import logging
from collections.abc import Callable

from flask import Blueprint, Flask, Response, abort, current_app, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.core import metrics
from portal.core.heartbeat import MAX_AGE, last_beat
from portal.web.parts import parts

bp = Blueprint("health", __name__)
_log = logging.getLogger(__name__)


def register(app: Flask, queue_answers: Callable[[], bool]) -> None:
    """`queue_answers` comes from above: doors do not know the queue."""
    app.extensions["vestibule.queue_answers"] = queue_answers
    app.register_blueprint(bp)


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """Each part that a signup needs: `ok`, or what is wrong with it; 503 when any is."""
    database = _database()
    found = {
        "database": database,
        "queue": "ok" if current_app.extensions["vestibule.queue_answers"]() else "does not answer",
        "worker": _worker() if database == "ok" else "unknown",
    }
    return found, 200 if all(state == "ok" for state in found.values()) else 503


@bp.get("/metrics")
def exposition() -> Response:
    """Prometheus text; 404 without the token, so that it looks like nothing at all."""
    token = parts().settings.metrics_token.get_secret_value()
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        abort(404)
    return Response(metrics.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _database() -> str:
    try:
        with parts().database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        _log.exception("the database does not answer")
        return "does not answer"
    return "ok"


def _worker() -> str:
    with parts().database.reading() as session:
        beat = last_beat(session, "worker")
    if beat is None:
        return "never started"
    return "ok" if parts().clock() - beat < MAX_AGE else "silent"
