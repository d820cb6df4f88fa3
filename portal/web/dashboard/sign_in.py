"""Signing in, by password and by the second factor, and out."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.core.limits import LimitReached
from portal.core.tokens import BadToken, sha256_hex
from portal.mail import outbox
from portal.staff import accounts, journal, passwords, second_factor, sessions
from portal.staff.models import StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.login import CodeForm, SignInForm
from portal.web.dashboard.guards import SignedIn, allow, is_at_least
from portal.web.parts import parts

HALF_LIFE = timedelta(minutes=10)  # from the password to the code
_HALF = "half-signed-in"
Answer = Response | tuple[str, int]


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
def sign_in_send() -> Answer:
    """Count the try, compare outside any transaction; then a session under a new id, or the question for the code."""
    form = SignInForm()
    if not form.validate():
        return render_template("dashboard/sign_in.html", form=form), 422
    house, now = parts(), parts().clock()
    with house.database.writing() as db:
        attempt = accounts.begin_sign_in(
            db, house.settings.keys, form.email.data, request.remote_addr or "", house.settings.limit_sign_in, now
        )
        if isinstance(attempt, LimitReached):
            guessed = accounts.guessed_at(db, house.settings.keys, form.email.data, house.settings.limit_sign_in, now)
            _warn(db, guessed, "password")
    if isinstance(attempt, LimitReached):
        return render_template("dashboard/sign_in.html", form=form, refused=_("Too many tries. Wait 15 minutes.")), 429
    if passwords.fits(attempt.password_hash, form.password.data):
        with house.database.writing() as db:
            user = accounts.finish_sign_in(db, attempt, form.password.data)
            if user and second_factor.is_on(user):
                session[_HALF] = house.settings.keys.seal(_HALF, _half(user), now)
                return redirect(url_for("dashboard.sign_in_code"), 303)
            if user:
                return _begin(db, user)
    return render_template("dashboard/sign_in.html", form=form, refused=_("The e-mail or the password did not fit.")), 422


@bp.get("/sign-in/code")
@allow("anyone")
def sign_in_code() -> str | Response:
    """The second question, for who answered the first within ten minutes."""
    if current_user.is_authenticated:
        return redirect(url_for("dashboard.home"), 303)
    with parts().database.reading() as db:
        if _halfway(db) is None:
            return redirect(url_for("dashboard.sign_in"), 303)
    return render_template("dashboard/sign_in_code.html", form=CodeForm())


@bp.post("/sign-in/code")
@allow("anyone")
def sign_in_code_send() -> Answer:
    """Count the try and commit it before the code is looked at."""
    form, house, now = CodeForm(), parts(), parts().clock()
    with house.database.writing() as db:
        user = _halfway(db)
        if user is None:
            return redirect(url_for("dashboard.sign_in"), 303)
        if not form.validate():
            return render_template("dashboard/sign_in_code.html", form=form), 422
        tries = second_factor.begin_try(db, house.settings.keys, user.id, house.settings.limit_sign_in, now)
        if isinstance(tries, LimitReached):
            _warn(db, user, "code")
    if isinstance(tries, LimitReached):
        return render_template("dashboard/sign_in_code.html", form=form, refused=_("Too many tries. Wait 15 minutes.")), 429
    with house.database.writing() as db:
        user = _halfway(db)
        if user and second_factor.fits(db, house.settings.keys, user, form.code.data, tries, now):
            if not form.code.data.replace(" ", "").isdigit():
                journal.write(db, user, "second_factor.recovery", user.email, now)
            return _begin(db, user)
    return render_template("dashboard/sign_in_code.html", form=form, refused=_("The code did not fit.")), 422


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


def _begin(db: Session, user: StaffUser) -> Response:
    row, token = sessions.start(db, user, request.user_agent.string, request.remote_addr or "", parts().clock())
    return _welcome(SignedIn(user, row, token))


def _warn(db: Session, user: StaffUser | None, what: str) -> None:
    """One letter a day to whom the login belongs: only they know whether it was them."""
    if user is not None:
        now = parts().clock()
        outbox.queue(db, user, "guessed", f"guessed:{what}:{user.id}:{now:%Y-%m-%d}", {"what": what}, now)


def _half(user: StaffUser) -> dict[str, Any]:
    """Who gave the right password, and which: it falls with a change of it."""
    return {"u": user.id, "p": sha256_hex(user.password_hash.encode())[:16]}


def _halfway(db: Session) -> StaffUser | None:
    try:
        said = parts().settings.keys.unseal(_HALF, session.get(_HALF, ""), parts().clock(), HALF_LIFE)
    except BadToken:
        return None
    user = db.get(StaffUser, said["u"])
    return user if user and user.active and _half(user) == said else None


def _welcome(signed_in: SignedIn) -> Response:
    """Nothing of the cookie from before the sign-in stays but the language and the page that was asked for."""
    kept = {name: session[name] for name in ("language", "after_sign_in") if name in session}
    session.clear()
    login_user(signed_in)
    asked = kept.pop("after_sign_in", "")
    session.update(kept)
    return redirect(asked if asked.startswith("/dashboard/") else url_for("dashboard.home"), 303)
