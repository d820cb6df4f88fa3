"""The operator of personal data."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms.validators import Regexp

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

    def values(self) -> dict[str, str]:
        """What `venues.settings.edit_entity` takes."""
        return {field.name: field.data for field in self if field.name != "csrf_token"}
