"""Wires the real parts into the portal's Flask app."""

from collections.abc import Callable
from datetime import datetime

from flask import Flask, g, has_request_context
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import models
from portal.core.clock import utcnow
from portal.core.config import Settings
from portal.core.db import Database
from portal.core.i18n import FOLDER
from portal.core.share import SHARE
from portal.sms.senders.base import Sender
from portal.sms.senders.choice import chosen_sender
from portal.web import api, callbacks, dashboard, errors, guest, health, telemetry
from portal.web.lean import LeanFlask
from portal.web.parts import Parts
from portal.web.security import protect

assert models  # both apps need every room's tables


def create_app(
    settings: Settings,
    database: Database,
    deliver: Callable[[int], None],
    clock: Callable[[], datetime] = utcnow,
    queue_answers: Callable[[], bool] = lambda: True,
    sender: Sender | None = None,
) -> Flask:
    """The portal: guest pages, dashboard, API, callbacks, health."""
    app = LeanFlask("portal", template_folder=str(SHARE / "templates"), static_folder=str(SHARE / "static"))
    app.config["SECRET_KEY"] = settings.keys.derive("session")[0]
    app.config["SECRET_KEY_FALLBACKS"] = settings.keys.derive("session")[1:]
    app.extensions["vestibule"] = Parts(settings, database, clock, deliver, sender or chosen_sender(settings))
    if settings.trusted_proxies:  # the Host stays the request's own: the proxy must pass it on, and it is checked
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0)  # type: ignore[method-assign]
    Babel(app, locale_selector=_language, default_translation_directories=str(FOLDER))
    telemetry.watch(app)
    protect(app, settings)
    errors.register(app)
    guest.register(app)
    dashboard.register(app)
    callbacks.register(app)
    api.register(app)
    health.register(app, queue_answers)
    return app


def _language() -> str:
    return getattr(g, "language", "ru") if has_request_context() else "ru"
