"""Guest pages: scan or join, phone, code, card, internet. Small, without scripts, in two languages."""

from importlib import import_module

from flask import Blueprint, Flask, g, request

from portal.core.i18n import LANGUAGES, choose_language

bp = Blueprint("guest", __name__)

PAGES = (
    "landing", "unifi", "seen", "signup", "verify", "link", "unwanted", "connected", "proof", "capport", "go", "voucher",
    "welcome", "documents", "card", "me", "me_door", "demo_sms", "preview",
)  # fmt: skip


@bp.before_request
def speak() -> None:
    """Choose the language before anything is said: the link, the cookie, the browser."""
    g.asked_language = request.args.get("lang") if request.args.get("lang") in LANGUAGES else None
    wanted = [g.asked_language, request.cookies.get("lang"), *request.accept_languages.values()]
    g.language = choose_language(wanted)


def register(app: Flask) -> None:
    """Add the guest pages to the portal."""
    for page in PAGES:
        import_module(f"portal.web.guest.{page}")
    app.register_blueprint(bp)
