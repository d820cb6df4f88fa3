"""Who may come in: signed in, the right role, a token in every form. What is not declared is the owner's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from portal.core.i18n import LANGUAGES, choose_language
from portal.staff import scope, sessions
from portal.staff.models import StaffSession, StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.parts import parts

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


def allow(role: str) -> Callable[[View], View]:
    """Open a view to a role and those above it; "anyone" means without signing in."""

    def mark(view: View) -> View:
        view.opened_to = role  # type: ignore[attr-defined]
        return view

    return mark


def opened_to(app: Flask, endpoint: str) -> str:
    """The lowest role that may use an endpoint."""
    return getattr(app.view_functions[endpoint], "opened_to", "owner")


def me() -> StaffUser:
    """The person signed in."""
    user: StaffUser = current_user.user
    return user


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
    if not scope.is_at_least(me(), role):
        abort(403)
    _seen(parts().clock())
    return None


def _seen(now: datetime) -> None:
    if sessions.is_due(current_user.at, now):
        with parts().database.writing() as db:
            sessions.touch(db, current_user.at.id, now)


# In this order, once for all apps: a blueprint takes no more of them after it was registered.
bp.before_request(_language)
bp.before_request(csrf.protect)
bp.before_request(_door)
bp.register_error_handler(CSRFError, lambda _error: (render_template("dashboard/stale_form.html"), 400))
bp.register_error_handler(403, lambda _error: (render_template("dashboard/not_yours.html"), 403))
bp.register_error_handler(404, lambda _error: (render_template("dashboard/not_found.html"), 404))
bp.context_processor(lambda: {"is_at_least": is_at_least, "languages": LANGUAGES, "language": getattr(g, "language", "ru")})
