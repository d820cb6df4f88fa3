"""Signing in."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from portal.web.dashboard.forms.typed import email


class SignInForm(FlaskForm):
    """E-mail and password; what is wrong with them is never said apart."""

    email = email(_l("E-mail"), 200, _l("Too long: shorten it."), _l("Type the e-mail of your login."))
    password = PasswordField(_l("Password"), [InputRequired(_l("Type your password.")), Length(max=200)])
