"""What every answer of the portal obeys: known hosts only, strict headers, nothing cached, no cross-site forms."""

import base64
import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request

from portal.core.config import Settings

# Operating systems ask these hosts whether they are online (captive-portals.md §4.1). Captive networks may point them
# at us: they are sent to the portal and never told "Success".
PROBE_HOSTS = frozenset(
    "connectivitycheck.gstatic.com www.google.com play.googleapis.com clients3.google.com connectivitycheck.android.com "
    "captive.apple.com www.apple.com www.msftconnecttest.com www.msftncsi.com detectportal.firefox.com "
    "nmcheck.gnome.org networkcheck.kde.org connectivitycheck.cbg-app.huawei.com connect.rom.miui.com "
    "spectrum.s3.amazonaws.com".split()
)


def csp_hash(inline: str) -> str:
    """The CSP source that allows exactly this inline block."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode() + "'"


def protect(app: Flask, settings: Settings) -> None:
    """Install the rules on an app."""
    secure = urlsplit(settings.base_url).scheme == "https"
    app.config.update(
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=32 * 1024,
        MAX_FORM_PARTS=60,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
    )

    @app.before_request
    def only_known_hosts() -> Response | None:
        host = (urlsplit(f"//{request.host}").hostname or "").lower() if request.host.isprintable() else ""
        if host in PROBE_HOSTS and host not in settings.hosts:
            answer = redirect(settings.base_url + "/", 302)
            answer.headers["Cache-Control"] = "no-store"
            return answer  # type: ignore[return-value]
        if host not in settings.hosts:
            abort(400)
        return None

    @app.before_request
    def no_cross_site_forms() -> None:
        if request.method in ("GET", "HEAD", "OPTIONS") or request.blueprint == "callbacks":
            return
        origin = request.headers.get("Origin", "null")  # "null" is what no-referrer pages send of themselves
        own = urlsplit(settings.base_url)
        foreign = origin != "null" and urlsplit(origin).hostname not in settings.hosts and urlsplit(origin).netloc != own.netloc
        if foreign or request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
            abort(403)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response.headers.setdefault("Content-Security-Policy", content_security_policy())
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response


def content_security_policy() -> str:
    """Strict by default. A page adds through `g`: `csp_styles` (hashes), `csp_form_actions` (a venue's gateways)."""
    styles = " ".join(["'self'", *getattr(g, "csp_styles", ())])
    actions = " ".join(["'self'", *getattr(g, "csp_form_actions", ())])
    return (
        f"default-src 'none'; style-src {styles}; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"manifest-src 'self'; worker-src 'self'; font-src 'self'; form-action {actions}; base-uri 'none'; frame-ancestors 'none'"
    )
