"""What waiters and cashiers fill in."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, TelField
from wtforms.validators import InputRequired, Length


class VoucherForm(FlaskForm):
    """Only the venue: everything else is the venue's policy."""

    venue = SelectField(_l("Venue"), [InputRequired()])


class LookupForm(FlaskForm):
    """A whole phone number. It is sent in the body and never stands in an address."""

    phone = TelField(
        _l("Guest's phone, whole"),
        [
            InputRequired(_l("Type the whole number, such as +7 903 123-45-67.")),
            Length(max=60, message=_l("This is too long for a number.")),
        ],
    )
