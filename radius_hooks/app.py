"""A small Flask app of its own process: what FreeRADIUS asks over loopback. It serves no person."""

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal import models
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from radius_hooks import accounting, authorize, guards
from radius_hooks.parts import Parts

assert models  # foreign keys cross rooms

log = logging.getLogger(__name__)


def create_app(settings: Settings, database: Database, clock: Callable[[], datetime] = utcnow) -> Flask:
    """The hooks. Bind them to loopback only."""
    app = Flask("radius_hooks", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["vestibule"] = Parts(settings, database, clock)
    guards.protect(app, settings)
    app.register_blueprint(authorize.bp)
    app.register_blueprint(accounting.bp)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _database_away)
    return app


def _database_away(error: Exception) -> Response:
    """FreeRADIUS then stays silent, and the router asks again."""
    log.error("database away", extra={"kind": type(error).__name__})
    return Response(status=503)
