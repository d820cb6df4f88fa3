"""Links by e-mail: asked for by who forgot the password, and used once by whoever got one."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.staff import invitations, journal, passwords, resets
from portal.staff.invitations import Invited
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.login import ForgotForm, NewPasswordForm, WelcomeForm
from portal.web.dashboard.guards import allow
from portal.web.parts import parts

Answer = Response | tuple[str, int]


@bp.get("/forgot")
@allow("anyone")
def forgot() -> str:
    """Asks for the e-mail of the login."""
    return render_template("dashboard/forgot.html", form=ForgotForm())


@bp.post("/forgot")
@allow("anyone")
def forgot_send() -> str | Answer:
    """The same answer whether there is such a login or not."""
    form, house, now = ForgotForm(), parts(), parts().clock()
    if not form.validate():
        return render_template("dashboard/forgot.html", form=form), 422
    keys, count = house.settings.keys, house.settings.limit_sign_in
    with house.database.writing() as db:
        refused = resets.ask(db, keys, form.email.data, request.remote_addr or "", count, now)
    if refused:
        return render_template("dashboard/forgot.html", form=form, refused=_("Too many tries. Wait 15 minutes.")), 429
    return render_template("dashboard/forgot_sent.html", email=form.email.data)


@bp.get("/welcome/<token>")
@allow("anyone")
def welcome(token: str) -> str | Answer:
    """The form behind a link. Opening it changes nothing: scanners of mail open every link."""
    with parts().database.reading() as db:
        invited = invitations.find(db, parts().settings.keys, token, parts().clock())
    if invited is None:
        return render_template("dashboard/link_over.html"), 404
    return _form(invited, _asked(invited))


@bp.post("/welcome/<token>")
@allow("anyone")
def welcome_send(token: str) -> Answer:
    """Set the password; every browser that was signed in is signed out."""
    house, now = parts(), parts().clock()
    with house.database.reading() as db:
        invited = invitations.find(db, house.settings.keys, token, now)
    if invited is None:
        return render_template("dashboard/link_over.html"), 404
    form = _asked(invited)
    name = form.name.data if isinstance(form, WelcomeForm) else invited.user.name
    if not form.validate() or not form.takes(invited.user.email, name):
        return _form(invited, form), 422
    hashed = passwords.hashed(form.password.data)  # slow: outside the transaction
    with house.database.writing() as db:
        done = invitations.accept(db, invited, name, hashed, now)
        if done:
            journal.write(db, invited.user, "account.begin", invited.user.email, now)
    if not done:
        return render_template("dashboard/link_over.html"), 404
    flash(_("The password is set. Sign in with it."))
    return redirect(url_for("dashboard.sign_in"), 303)


def _asked(invited: Invited) -> WelcomeForm | NewPasswordForm:
    if invited.invitation.kind != "invite":
        return NewPasswordForm()
    return WelcomeForm(name=invited.user.name)


def _form(invited: Invited, form: NewPasswordForm) -> str:
    return render_template("dashboard/welcome.html", form=form, kind=invited.invitation.kind, email=invited.user.email)
