"""How a venue looks to its guests."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FileField, SelectField
from wtforms.validators import Regexp

from portal.core.i18n import LANGUAGES
from portal.web.dashboard.forms.typed import text
from portal.web.dashboard.words import LANGUAGE_NAMES

_COLOUR = _l("Write it as #8a4b2a: a hash sign and six digits or letters A to F.")
_LONG = _l("Too long: shorten it.")
_PAGES = [
    ("qr", _l("from a QR code")), ("wifi", _l("on the Wi-Fi")), ("code", _l("the code from the SMS")), ("card", _l("the card")),
    ("online", _l("online")),
]  # fmt: skip
_NAMES = ("accent", "offer_ru", "offer_en")


class BrandForm(FlaskForm):
    """Colour and words are saved; which page the preview shows is not."""

    accent = text(_l("Accent colour"), 7, _COLOUR, _COLOUR, (Regexp(r"#[0-9a-fA-F]{6}\Z", message=_COLOUR),))
    offer_ru = text(_l("What the guest gets, in Russian"), 160, _LONG)
    offer_en = text(_l("What the guest gets, in English"), 160, _LONG)
    page = SelectField(_l("Page in the preview"), choices=_PAGES)
    language = SelectField(_l("Language of the preview"), choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES])

    def values(self) -> dict[str, Any]:
        """What `venues.settings.edit_venue` takes."""
        return {name: self[name].data for name in _NAMES}


class LogoForm(FlaskForm):
    """A picture; whatever its name and type say, its content decides."""

    logo = FileField(_l("Picture"))
