"""Doors for providers and routers that call us. No cookie opens one, so other sites' forms are nothing to fear."""

from importlib import import_module

from flask import Blueprint, Flask

bp = Blueprint("callbacks", __name__)

DOORS = ("smsaero", "authmon", "router", "mail")


def register(app: Flask) -> None:
    """Add the callbacks to the portal."""
    for door in DOORS:
        import_module(f"portal.web.callbacks.{door}")
    app.register_blueprint(bp)
