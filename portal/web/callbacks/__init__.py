"""Doors for providers that call us."""

from flask import Flask

from portal.web.callbacks import smsaero


def register(app: Flask) -> None:
    """Add the callbacks to the portal."""
    app.register_blueprint(smsaero.bp)
