"""Who may come in: signed in, the right role, a token in every form. What is not declared is the owner's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from portal.core.i18n import LANGUAGES, choose_language
from portal.staff import scope, second_factor, sessions
from portal.staff.models import StaffSession, StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.parts import parts

# All that an owner may do before the second factor is set up. The demo does not ask for it: `make run` is usable at once.
_FOR_WHO_OWES = {"dashboard.second_factor", "dashboard.turn_on_factor", "dashboard.sign_out"}

_PIECE = 256 * 1024

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


class SignedIn(UserMixin):
    """Flask-Login's user: a person at one browser. Its id in the cookie is the browser's random token."""

    def __init__(self, user: StaffUser, at: StaffSession, token: str) -> None:
        self.user = user
        self.at = at
        self.token = token

    def get_id(self) -> str:
        """What the signed cookie carries."""
        return self.token


def allow(role: str, *, everywhere: bool = False) -> Callable[[View], View]:
    """Open a view to a role and those above it; "anyone" means without signing in.

    `everywhere`: it concerns the whole organization, so that who was given some of its venues has no part in it.
    """

    def mark(view: View) -> View:
        view.opened_to = role  # type: ignore[attr-defined]
        view.everywhere = everywhere  # type: ignore[attr-defined]
        return view

    return mark


def takes_upload(most: int) -> Callable[[View], View]:
    """Let a view's form be larger than others are, in bytes; only for who may use the view."""

    def mark(view: View) -> View:
        view.most_bytes = most  # type: ignore[attr-defined]
        return view

    return mark


def opened_to(app: Flask, endpoint: str) -> str:
    """The lowest role that may use an endpoint."""
    return getattr(app.view_functions[endpoint], "opened_to", "owner")


def me() -> StaffUser:
    """The person signed in."""
    user: StaffUser = current_user.user
    return user


def sees_everything() -> bool:
    """For templates, too: was the person signed in given every venue of the organization?"""
    return bool(current_user.is_authenticated) and not me().venue_ids


def _is_everywhere() -> bool:
    return bool(getattr(current_app.view_functions[request.endpoint or ""], "everywhere", False))


def is_at_least(role: str) -> bool:
    """For templates: does the person signed in hold this role or one above it?"""
    return bool(current_user.is_authenticated) and scope.is_at_least(me(), role)


def install(app: Flask) -> None:
    """Give an app the sign-in and the form tokens that the blueprint's guards (below) ask for."""
    csrf.init_app(app)
    LoginManager(app).user_loader(_by_token)


def _by_token(token: str) -> SignedIn | None:
    with parts().database.reading() as db:
        found = sessions.find(db, token, parts().clock())
    return SignedIn(*found, token) if found else None


def _language() -> None:
    wanted = request.args.get("lang")
    if wanted in LANGUAGES:
        session["language"] = wanted
    own = current_user.user.language if current_user.is_authenticated else None
    g.language = choose_language([session.get("language"), own, *request.accept_languages.values()])


def _room_for_upload() -> None:
    """Before anything reads the form."""
    endpoint = request.endpoint or ""
    most = getattr(current_app.view_functions.get(endpoint), "most_bytes", None)
    if most and current_user.is_authenticated and scope.is_at_least(me(), opened_to(current_app, endpoint)):
        request.max_content_length = most
        request.max_form_memory_size = _PIECE  # a file is read in pieces, which count as fields do


def _door() -> Response | None:
    if b"%00" in request.query_string:
        abort(404)  # no code has a NUL, and PostgreSQL would fail on it
    role = opened_to(current_app, request.endpoint or "")
    if role == "anyone":
        return None
    if not current_user.is_authenticated:
        if request.method == "GET":
            session["after_sign_in"] = request.full_path.rstrip("?")
        return redirect(url_for("dashboard.sign_in"), 303)
    if second_factor.is_owed(me(), not parts().settings.demo) and request.endpoint not in _FOR_WHO_OWES:
        return redirect(url_for("dashboard.second_factor"), 303)
    if not scope.is_at_least(me(), role) or (_is_everywhere() and not sees_everything()):
        abort(403)
    _seen(parts().clock())
    return None


def _seen(now: datetime) -> None:
    if sessions.is_due(current_user.at, now):
        with parts().database.writing() as db:
            sessions.touch(db, current_user.at.id, now)


# In this order, once for all apps: a blueprint takes no more of them after it was registered.
bp.before_request(_language)
bp.before_request(_room_for_upload)
bp.before_request(csrf.protect)
bp.before_request(_door)
bp.register_error_handler(CSRFError, lambda _error: (render_template("dashboard/stale_form.html"), 400))
bp.register_error_handler(413, lambda _error: (render_template("dashboard/too_large.html"), 413))
bp.register_error_handler(403, lambda _error: (render_template("dashboard/not_yours.html"), 403))
bp.register_error_handler(404, lambda _error: (render_template("dashboard/not_found.html"), 404))
bp.context_processor(
    lambda: {
        "is_at_least": is_at_least,
        "sees_everything": sees_everything,
        "languages": LANGUAGES,
        "language": getattr(g, "language", "ru"),
    }
)
