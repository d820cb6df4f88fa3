"""The operator of personal data."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, ValidationError
from wtforms.validators import InputRequired, NumberRange, Regexp

from portal.cards import numbers
from portal.web.dashboard.forms.typed import email, several_lines, text

_NEEDED = _l("The documents name it: fill it in.")
_LONG = _l("Too long: shorten it.")
_INN = Regexp(r"(\d{10}|\d{12})\Z", message=_l("10 digits, or 12 for an entrepreneur."))
_OGRN = Regexp(r"(\d{13}|\d{15})\Z", message=_l("13 digits, or 15 for an entrepreneur."))
_ADDRESS = Regexp(r"[^@\s]+@[^@\s]+\Z", message=_l("Write it as name@example.ru."))


class OperatorForm(FlaskForm):
    """Facts that 152-ФЗ wants in every consent."""

    name = text(_l("Name of the legal entity"), 300, _LONG, _NEEDED)
    inn = text(_l("INN"), 12, _LONG, _NEEDED, (_INN,))
    ogrn = text(_l("OGRN or OGRNIP"), 15, _LONG, _NEEDED, (_OGRN,))
    address = text(_l("Address"), 500, _LONG, _NEEDED)
    contact_email = email(_l("E-mail for requests about data"), 200, _LONG, _NEEDED, (_ADDRESS,))
    rkn_notification = text(_l("Number in Roskomnadzor's register of operators"), 60, _LONG)
    processors = several_lines(_l("Who works on the data for you"), 4000, _LONG)

    card_prefix = text(_l("Card numbers begin with"), 8, _LONG, more=(Regexp(r"[0-9]*\Z", message=_l("Digits only.")),))
    card_digits = IntegerField(
        _l("Digits of a card number"),
        [InputRequired(_l("Type a number.")), NumberRange(8, numbers.MAX_DIGITS, _l("From 8 to 20 digits."))],
    )

    def validate_card_digits(self, field: Field) -> None:
        """Room for chance: a number that can be guessed is somebody else's card."""
        try:
            numbers.check_range(self.card_prefix.data or "", field.data)
        except numbers.BadCardRange:
            raise ValidationError(_("Too few digits are left: take more, or a shorter beginning.")) from None

    def values(self) -> dict[str, Any]:
        """What `venues.settings.edit_entity` takes."""
        return {field.name: field.data for field in self if field.name != "csrf_token"}
