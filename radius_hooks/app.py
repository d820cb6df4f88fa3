"""A small app of its own process: what FreeRADIUS asks over loopback. It serves no person."""

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response

from portal import models
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from radius_hooks import clients
from radius_hooks.authorize import DATABASE_AWAY, Door
from radius_hooks.guards import Guard, protect
from radius_hooks.parts import Parts
from radius_hooks.signs import RadiusSigns

assert models  # foreign keys cross rooms

log = logging.getLogger(__name__)


def create_app(settings: Settings, database: Database, clock: Callable[[], datetime] = utcnow) -> Flask:
    """The hooks. Bind them to loopback only."""
    app = Flask("radius_hooks", static_folder=None)
    parts, guard = Parts(settings, database, clock, RadiusSigns(database)), Guard(settings)
    app.extensions["vestibule"] = parts
    protect(app, guard)
    app.register_blueprint(clients.bp)
    for kind in DATABASE_AWAY:
        app.register_error_handler(kind, _database_away)
    app.wsgi_app = Door(parts, guard, app.wsgi_app)  # type: ignore[assignment]
    return app


def _database_away(error: Exception) -> Response:
    """FreeRADIUS then stays silent, and the router asks again."""
    log.error("database away", extra={"kind": type(error).__name__})
    return Response(status=503)
