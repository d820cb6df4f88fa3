"""What waiters and cashiers fill in."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, Regexp


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


class NumberForm(FlaskForm):
    """The six letters and digits on the guest's status page. They open nothing."""

    number = StringField(
        _l("Number on the guest's screen"),
        [
            InputRequired(_l("Type the six letters and digits.")),
            Regexp(r"\s*(?:[A-Za-z0-9]\s*){6}\Z", message=_l("Six Latin letters and digits, such as A1B2C3.")),
        ],
    )


class BlockForm(FlaskForm):
    """Whom the Wi-Fi refuses: a number, a device, or both."""

    venue = SelectField(_l("Venue"), [InputRequired()])
    phone = TelField(_l("Guest's phone, whole"), [Length(max=60, message=_l("This is too long for a number."))])
    mac = StringField(_l("Device (MAC address)"), [Length(max=40, message=_l("This is too long for an address."))])
    reason = StringField(
        _l("Reason"),
        [InputRequired(_l("Say why, for your colleagues.")), Length(max=200, message=_l("At most 200 characters."))],
    )
