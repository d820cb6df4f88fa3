"""Forms about one's own login: signing in, a forgotten password, the second factor, the account."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal.core.i18n import LANGUAGES
from portal.staff import passwords
from portal.web.dashboard.forms.typed import email, one_line, text
from portal.web.dashboard.staff_words import PASSWORD_REFUSALS
from portal.web.dashboard.words import LANGUAGE_NAMES

_LONG = _l("Too long: shorten it.")


def _password(label: object) -> PasswordField:
    return PasswordField(label, [InputRequired(_l("Type your password.")), Length(max=400)])


class SignInForm(FlaskForm):
    """E-mail and password; what is wrong with them is never said apart."""

    email = email(_l("E-mail"), 200, _LONG, _l("Type the e-mail of your login."))
    password = _password(_l("Password"))


class CodeForm(FlaskForm):
    """Six digits of the phone, or a recovery code."""

    code = StringField(
        _l("Code"),
        [InputRequired(_l("Type the six digits that the app shows.")), Length(max=40, message=_LONG)],
        filters=[one_line],
    )


class SetUpForm(CodeForm):
    """The first code of a new phone, and the password: whoever finds a browser left open must not lock its owner out."""

    password = _password(_l("Current password"))
    sealed = HiddenField()  # the secret that is being set up


class ForgotForm(FlaskForm):
    """Where the link goes."""

    email = email(_l("E-mail"), 200, _LONG, _l("Type the e-mail of your login."))


class NewPasswordForm(FlaskForm):
    """A password that was not tried a thousand times by others."""

    password = PasswordField(_l("New password"), [InputRequired(_l("Type a password."))])

    def takes(self, email: str, name: str) -> bool:
        """Whether it may be taken; says beside the field why not."""
        why = passwords.refusal(self.password.data or "", email, name)
        if why:
            self.password.errors = [PASSWORD_REFUSALS[why]]
        return why is None


class WelcomeForm(NewPasswordForm):
    """The name is asked of newcomers only."""

    name = text(_l("Your name"), 120, _LONG, _l("Your colleagues see it in the journal: type it."))


class ChangePasswordForm(NewPasswordForm):
    """The old one is asked for: a browser that was left open must not be enough."""

    current = _password(_l("Current password"))


class ProfileForm(FlaskForm):
    """Name, language, letters."""

    name = text(_l("Your name"), 120, _LONG, _l("Your colleagues see it in the journal: type it."))
    language = SelectField(_l("Language"), [InputRequired()], choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES])
    weekly_report = BooleanField(_l("A report by e-mail every Monday"))
    alerts = BooleanField(_l("An e-mail when something needs attention"))


class TurnOffForm(FlaskForm):
    """Both factors, so that neither a stolen browser nor a stolen phone is enough."""

    password = _password(_l("Password"))
    code = StringField(_l("Code of the app, or a recovery code"), [InputRequired(_l("Type the code.")), Length(max=40)])
