"""One's own login: name, language, letters, password."""

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.staff import journal, passwords, profile, second_factor
from portal.staff.models import StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.login import ChangePasswordForm, ProfileForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.proof import doubt_of_password
from portal.web.parts import parts

Answer = Response | tuple[str, int]


@bp.get("/account", endpoint="account")
@allow("staff")
def account_page() -> str:
    """Both forms, and where the second factor and the browsers are."""
    return _page(ProfileForm(obj=me(), formdata=None), ChangePasswordForm(formdata=None))


@bp.post("/account")
@allow("staff")
def save_account() -> Answer:
    """Name, language and letters; the page then speaks the new language."""
    form, now = ProfileForm(), parts().clock()
    if not form.validate():
        return _page(form, ChangePasswordForm(formdata=None)), 422
    wanted = {name: form[name].data for name in ("name", "language", "weekly_report", "alerts")}
    with parts().database.writing() as db:
        profile.edit(db, me().id, **wanted)
        journal.write(db, me(), "account.edit", me().email, now)
    session["language"] = form.language.data
    flash(_("Saved."))
    return redirect(url_for("dashboard.account"), 303)


@bp.post("/account/password")
@allow("staff")
def change_password() -> Answer:
    """The current one is counted as signing in is; other browsers are signed out."""
    form, house, now = ChangePasswordForm(), parts(), parts().clock()
    if not form.validate() or not form.takes(me().email, me().name):
        return _page(ProfileForm(obj=me(), formdata=None), form), 422
    doubt = doubt_of_password(form.current.data)
    if doubt:
        form.current.errors = [doubt.said]
        return _page(ProfileForm(obj=me(), formdata=None), form), doubt.status
    hashed = passwords.hashed(form.password.data)
    with house.database.writing() as db:
        user = db.get_one(StaffUser, me().id)
        profile.set_password(db, user, hashed, current_user.at.id, now)
        journal.write(db, user, "account.password", user.email, now)
    flash(_("The new password holds. Other browsers are signed out."))
    return redirect(url_for("dashboard.account"), 303)


def _page(form: ProfileForm, password: ChangePasswordForm) -> str:
    has_second = second_factor.is_on(me())
    spared = not has_second and me().role == "owner"  # the door lets an owner come here without one in the demo alone
    return render_template("dashboard/account.html", form=form, password=password, has_second=has_second, spared=spared)
