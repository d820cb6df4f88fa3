"""Signing in and out."""

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from portal.core.limits import LimitReached
from portal.staff import accounts, passwords, sessions
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.sign_in import SignInForm
from portal.web.dashboard.guards import SignedIn, allow, is_at_least
from portal.web.parts import parts


@bp.get("/")
@allow("staff")
def home() -> Response:
    """The first page of one's role."""
    return redirect(url_for("dashboard.overview" if is_at_least("marketer") else "dashboard.lookup"), 303)


@bp.get("/sign-in")
@allow("anyone")
def sign_in() -> str | Response:
    """The form; who is signed in already goes on."""
    if current_user.is_authenticated:
        return redirect(url_for("dashboard.home"), 303)
    return render_template("dashboard/sign_in.html", form=SignInForm())


@bp.post("/sign-in")
@allow("anyone")
def sign_in_send() -> Response | tuple[str, int]:
    """Count the try, compare outside any transaction, then start a session under a new id."""
    form = SignInForm()
    if not form.validate():
        return render_template("dashboard/sign_in.html", form=form), 422
    house, now = parts(), parts().clock()
    with house.database.writing() as db:
        attempt = accounts.begin_sign_in(
            db, house.settings.keys, form.email.data, request.remote_addr or "", house.settings.limit_sign_in, now
        )
    if isinstance(attempt, LimitReached):
        return render_template("dashboard/sign_in.html", form=form, refused=_("Too many tries. Wait 15 minutes.")), 429
    if passwords.fits(attempt.password_hash, form.password.data):
        with house.database.writing() as db:
            user = accounts.finish_sign_in(db, attempt, form.password.data)
            if user:
                row, token = sessions.start(db, user, request.user_agent.string, request.remote_addr or "", now)
                return _welcome(SignedIn(user, row, token))
    return render_template("dashboard/sign_in.html", form=form, refused=_("The e-mail or the password did not fit.")), 422


@bp.post("/sign-out")
@allow("staff")
def sign_out() -> Response:
    """End this browser's session on the server, then forget its cookie."""
    with parts().database.writing() as db:
        sessions.revoke_token(db, current_user.token)
    logout_user()
    session.clear()
    flash(_("You are signed out."))
    return redirect(url_for("dashboard.sign_in"), 303)


def _welcome(signed_in: SignedIn) -> Response:
    """Nothing of the cookie from before the sign-in stays but the language and the page that was asked for."""
    kept = {name: session[name] for name in ("language", "after_sign_in") if name in session}
    session.clear()
    login_user(signed_in)
    asked = kept.pop("after_sign_in", "")
    session.update(kept)
    return redirect(asked if asked.startswith("/dashboard/") else url_for("dashboard.home"), 303)
