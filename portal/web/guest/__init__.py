"""Guest pages: scan or join, phone, code, card, internet. Small, without scripts, in two languages."""

from flask import Blueprint, Flask

bp = Blueprint("guest", __name__)


def register(app: Flask) -> None:
    """Add the guest pages to the portal."""
    app.register_blueprint(bp)
