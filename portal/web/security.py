"""What every answer of the portal obeys: known hosts only, strict headers, nothing cached, no cross-site forms."""

import base64
import hashlib
from functools import lru_cache, partial
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from portal.core.config import Settings

# Operating systems ask these hosts whether they are online (captive-portals.md §4.1). Captive networks may point them
# at us: they are sent to the portal and never told "Success".
PROBE_HOSTS = frozenset(
    "connectivitycheck.gstatic.com www.google.com play.googleapis.com clients3.google.com connectivitycheck.android.com "
    "captive.apple.com www.apple.com www.msftconnecttest.com www.msftncsi.com detectportal.firefox.com "
    "nmcheck.gnome.org networkcheck.kde.org connectivitycheck.cbg-app.huawei.com connect.rom.miui.com "
    "spectrum.s3.amazonaws.com".split()
)


PROOF_PATH = "/proof/"
PLAIN_PATHS = ("/go/", "/static/guest/")


_ALWAYS = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def csp_hash(inline: str) -> str:
    """The CSP source that allows exactly this inline block."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode() + "'"


def protect(app: Flask, settings: Settings) -> None:
    """Install the rules on an app."""
    secure = urlsplit(settings.base_url).scheme == "https"
    app.config.update(
        DEBUG=False,  # whatever FLASK_DEBUG says
        MAX_CONTENT_LENGTH=64 * 1024,
        MAX_FORM_MEMORY_SIZE=32 * 1024,
        MAX_FORM_PARTS=60,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
    )
    app.before_request(partial(_only_known_hosts, settings))
    app.before_request(partial(_proof_apart, settings))
    app.before_request(partial(_plain_apart, settings))
    app.before_request(_no_zero_bytes)
    app.before_request(partial(_no_cross_site_forms, settings))
    app.after_request(partial(_headers, frozenset((settings.proof_host, settings.plain_host)) if secure else None))


def _only_known_hosts(settings: Settings) -> AnyResponse | None:
    host = _host_name(request.host)
    if host in settings.hosts or (host and host in (settings.proof_host, settings.plain_host)):
        return None
    if host not in PROBE_HOSTS:
        abort(400)
    answer = redirect(settings.base_url + "/", 302)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _proof_apart(settings: Settings) -> None:
    """The second host answers nothing but the proof, and nobody else answers that: the first is reached without internet."""
    on_second_host = bool(settings.proof_host) and _host_name(request.host) == settings.proof_host
    if on_second_host != request.path.startswith(PROOF_PATH):
        abort(404)


def _plain_apart(settings: Settings) -> None:
    """The plain host answers nothing but the form for a gateway: whatever else is asked there has lost its way."""
    on_plain_host = bool(settings.plain_host) and _host_name(request.host) == settings.plain_host
    if on_plain_host and not request.path.startswith(PLAIN_PATHS):
        abort(404)


@lru_cache(256)
def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:  # "[::1"
        return ""


def _no_zero_bytes() -> None:
    if "\x00" in request.path:  # PostgreSQL refuses them in any text: nothing of ours is at such an address
        abort(404)


def _no_cross_site_forms(settings: Settings) -> None:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.blueprint == "callbacks":
        return
    origin = request.headers.get("Origin", "null")  # "null" is what no-referrer pages send of themselves
    foreign = origin != "null" and _host_name(origin.partition("://")[2]) not in settings.hosts
    if foreign or request.headers.get("Sec-Fetch-Site", "same-origin") == "cross-site":
        abort(403)


def _headers(plain_hosts: frozenset[str] | None, response: Response) -> Response:
    """`plain_hosts` must stay reachable by plain http; None: the whole portal is plain, as a demo is."""
    response.headers.extend(_ALWAYS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Frame-Options"] = "SAMEORIGIN" if getattr(g, "framed", False) else "DENY"
    response.headers.setdefault("Content-Security-Policy", content_security_policy())
    if plain_hosts is not None and _host_name(request.host) not in plain_hosts:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def content_security_policy() -> str:
    """Strict by default. A page adds through `g`: `csp_styles` (hashes), `csp_form_actions` (gateways), `csp_images`.

    `framing`: it shows a page of ours in a frame; `framed`: it may be shown in one of ours.
    """
    styles = " ".join(["'self'", *getattr(g, "csp_styles", ())])
    actions = " ".join(["'self'", *getattr(g, "csp_form_actions", ())])
    images = " ".join(["'self'", "data:", *getattr(g, "csp_images", ())])
    frames = "frame-src 'self'; " if getattr(g, "framing", False) else ""
    ancestors = "'self'" if getattr(g, "framed", False) else "'none'"
    return (
        f"default-src 'none'; {frames}style-src {styles}; script-src 'self'; img-src {images}; connect-src 'self'; "
        f"manifest-src 'self'; worker-src 'self'; font-src 'self'; form-action {actions}; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )
