"""The second factor of one's own login: set up with a phone, its recovery codes, switched off by both factors."""

from datetime import timedelta

import segno
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.core.limits import LimitReached
from portal.core.tokens import BadToken
from portal.staff import accounts, journal, passwords, second_factor, sessions
from portal.staff.models import StaffUser
from portal.web.dashboard.blueprint import bp
from portal.web.dashboard.forms.login import SetUpForm, TurnOffForm
from portal.web.dashboard.guards import allow, me
from portal.web.dashboard.proof import doubt_of_password
from portal.web.parts import parts

ISSUER = "Vestibule"
_SEALED, _SEALED_FOR = "second-factor", timedelta(hours=1)
Answer = Response | tuple[str, int]


@bp.get("/second-factor", endpoint="second_factor")
@allow("staff")
def factor_page() -> str:
    """How to set it up, or that it is on. Opening it writes nothing: the new secret travels sealed in the form."""
    with parts().database.reading() as db:
        user = db.get_one(StaffUser, me().id)
        if second_factor.is_on(user):
            return _on_page(user, TurnOffForm(), second_factor.recovery_codes_left(db, user))
    return _setting_up(SetUpForm(formdata=None), second_factor.new_secret())


@bp.post("/second-factor")
@allow("staff")
def turn_on_factor() -> str | Answer:
    """The first code shows that the phone has the secret, the password whose browser it is; then the recovery codes, once."""
    form, house, now = SetUpForm(), parts(), parts().clock()
    try:
        said = house.settings.keys.unseal(_SEALED, form.sealed.data or "", now, _SEALED_FOR)
    except BadToken:
        said = {}
    if said.get("u") != me().id or second_factor.is_on(me()):
        return redirect(url_for("dashboard.second_factor"), 303)
    if not form.validate():
        return _setting_up(form, said["s"]), 422
    doubt = doubt_of_password(form.password.data)
    if doubt:
        form.password.errors = [doubt.said]
        return _setting_up(form, said["s"]), doubt.status
    with house.database.writing() as db:
        user = db.get_one(StaffUser, me().id)
        codes = second_factor.turn_on(db, house.settings.keys, user, said["s"], form.code.data, now)
        if codes:
            journal.write(db, user, "second_factor.on", user.email, now)
            sessions.revoke_others(db, user.id, current_user.at.id)
    if codes is None:
        form.code.errors = [_("The code did not fit. Take the newest one, and check the clock of the phone.")]
        return _setting_up(form, said["s"]), 422
    return _codes_page(codes)


@bp.post("/second-factor/codes")
@allow("staff")
def renew_codes() -> str | Answer:
    """Ten new recovery codes in place of the old, for both factors."""
    refused = _both_factors(TurnOffForm())
    if refused:
        return refused
    now = parts().clock()
    with parts().database.writing() as db:
        user = db.get_one(StaffUser, me().id)
        codes = second_factor.new_recovery_codes(db, parts().settings.keys, user)
        journal.write(db, user, "second_factor.codes", user.email, now)
    return _codes_page(codes)


@bp.post("/second-factor/off")
@allow("staff")
def turn_off_factor() -> Answer:
    """Off, for both factors; an owner is asked to set it up anew at once."""
    refused = _both_factors(TurnOffForm())
    if refused:
        return refused
    now = parts().clock()
    with parts().database.writing() as db:
        user = db.get_one(StaffUser, me().id)
        second_factor.remove(db, user)
        sessions.revoke_others(db, user.id, current_user.at.id)
        journal.write(db, user, "second_factor.off", user.email, now)
    flash(_("The second factor is off."))
    return redirect(url_for("dashboard.second_factor"), 303)


def _both_factors(form: TurnOffForm) -> Answer | None:
    """None when password and code are right; both are counted as signing in is."""
    house, now = parts(), parts().clock()
    if not second_factor.is_on(me()):
        return redirect(url_for("dashboard.second_factor"), 303)
    if not form.validate():
        return _refused(form, 422)
    keys, count = house.settings.keys, house.settings.limit_sign_in
    with house.database.writing() as db:
        attempt = accounts.begin_sign_in(db, keys, me().email, request.remote_addr or "", count, now)
        tries = second_factor.begin_try(db, keys, me().id, count, now)
    if isinstance(attempt, LimitReached) or isinstance(tries, LimitReached):
        form.code.errors = [_("Too many tries. Wait 15 minutes.")]
        return _refused(form, 429)
    if passwords.fits(attempt.password_hash, form.password.data):
        with house.database.writing() as db:
            user = accounts.finish_sign_in(db, attempt, form.password.data)
            if user and second_factor.fits(db, keys, user, form.code.data, tries, now):
                return None
    form.code.errors = [_("The password or the code did not fit.")]
    return _refused(form, 422)


def _refused(form: TurnOffForm, status: int) -> tuple[str, int]:
    with parts().database.reading() as db:
        user = db.get_one(StaffUser, me().id)
        return _on_page(user, form, second_factor.recovery_codes_left(db, user)), status


def _on_page(user: StaffUser, form: TurnOffForm, left: int) -> str:
    return render_template("dashboard/second_factor.html", user=user, form=form, left=left)


def _setting_up(form: SetUpForm, secret: str) -> str:
    house = parts()
    form.sealed.data = house.settings.keys.seal(_SEALED, {"u": me().id, "s": secret}, house.clock())
    code = segno.make(second_factor.address(secret, me().email, ISSUER), error="m", micro=False)
    picture = code.svg_inline(border=4, light="#fff", omitsize=True)
    return render_template(
        "dashboard/second_factor_new.html",
        form=form,
        picture=Markup(picture),  # noqa: S704 - drawn by segno from our own text
        groups=[secret[i : i + 4] for i in range(0, len(secret), 4)],
        owed=second_factor.is_owed(me(), not house.settings.demo),
    )


def _codes_page(codes: list[str]) -> str:
    return render_template("dashboard/recovery_codes.html", codes=codes)
