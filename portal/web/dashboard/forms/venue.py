"""A venue's settings."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, SelectField, SelectMultipleField, ValidationError
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.core.i18n import LANGUAGES
from portal.venues.models import FIELD_NAMES, IDENTIFICATION_GROUNDS, Venue
from portal.venues.settings import read_addresses, read_aliases, read_resolvers
from portal.web.dashboard.forms.typed import several_lines, text
from portal.web.dashboard.words import FIELD_MODES, FIELDS, GROUNDS, LANGUAGE_NAMES

ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)
REGIONS = ("RU", "BY", "KZ", "AM", "KG", "UZ", "TJ", "AZ", "GE", "MD", "TR")
_PLAIN = (
    "name",
    "city",
    "address",
    "timezone",
    "language",
    "question_ru",
    "question_en",
    "regions",
    "identification_ground",
    "vouchers",
    "adult_notice",
)
_LONG = _l("Too long: shorten it.")


class Checks(SelectMultipleField):
    """A choice of several as a list of boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class VenueForm(FlaskForm):
    """Looks, questions and rules. Documents, Wi-Fi and SMS have screens of their own."""

    name = text(_l("Venue name"), 120, _LONG, _l("Guests see this name: type it."))
    city = text(_l("City"), 80, _LONG)
    address = text(_l("Address"), 300, _LONG)
    timezone = SelectField(_l("Time zone"), [InputRequired()])
    language = SelectField(
        _l("Language by default"), [InputRequired()], choices=[(code, LANGUAGE_NAMES[code]) for code in LANGUAGES]
    )
    ask_name = SelectField(FIELDS["name"])
    ask_birthday = SelectField(FIELDS["birthday"])
    ask_email = SelectField(FIELDS["email"])
    ask_city = SelectField(FIELDS["city"])
    ask_custom = SelectField(FIELDS["custom"])
    question_ru = text(_l("The question in Russian"), 120, _LONG)
    question_en = text(_l("The question in English"), 120, _LONG)
    regions = Checks(_l("Countries whose numbers get SMS"), [InputRequired(_l("Tick at least one country."))])
    identification_ground = SelectField(
        _l("Ground for identifying Wi-Fi users"),
        [InputRequired()],
        choices=[(code, GROUNDS[code]) for code in IDENTIFICATION_GROUNDS],
    )
    own_addresses = several_lines(_l("Public addresses of the venue"), 2000, _LONG)
    vouchers = BooleanField(_l("Staff may give internet by voucher"))
    family_dns = several_lines(_l("DNS servers that filter for children"), 300, _LONG)
    utm_aliases = several_lines(_l("Other names of a utm_source"), 4000, _LONG)
    adult_notice = BooleanField(_l("Tell guests that children use the Wi-Fi with an adult"))

    def offer_choices(self, venue: Venue) -> None:
        """Fill the lists that depend on the language and on what is stored."""
        names = get_locale().territories
        self.timezone.choices = [(zone, zone) for zone in sorted({*ZONES, venue.timezone})]
        self.regions.choices = [(code, names.get(code, code)) for code in dict.fromkeys([*REGIONS, *venue.regions])]
        for name in FIELD_NAMES:
            self[f"ask_{name}"].choices = list(FIELD_MODES.items())

    def validate_own_addresses(self, field: Field) -> None:
        """Only addresses and networks."""
        try:
            read_addresses(field.data)
        except ValueError:
            raise ValidationError(_("Write addresses such as 203.0.113.7, one a line.")) from None

    def validate_family_dns(self, field: Field) -> None:
        """Only addresses: a router takes no names here."""
        try:
            read_resolvers(field.data)
        except ValueError:
            raise ValidationError(_("Write up to four addresses such as 77.88.8.7, one a line.")) from None

    def validate_utm_aliases(self, field: Field) -> None:
        """One a line: what stands in links, and what it means."""
        try:
            read_aliases(field.data)
        except ValueError:
            raise ValidationError(_("Write lines such as table_tent_2 = table-tent.")) from None

    def validate_ask_custom(self, field: Field) -> None:
        """A question that is asked must be written in both languages."""
        if field.data != "off" and not (self.question_ru.data and self.question_en.data):
            raise ValidationError(_("Write the question in both languages below, or do not ask it."))

    def values(self) -> dict[str, Any]:
        """What `venues.settings.edit_venue` takes."""
        return {
            **{name: self[name].data for name in _PLAIN},
            "fields": {name: self[f"ask_{name}"].data for name in FIELD_NAMES},
            "own_addresses": read_addresses(self.own_addresses.data),
            "family_dns": read_resolvers(self.family_dns.data),
            "utm_aliases": read_aliases(self.utm_aliases.data),
        }


def stored(venue: Venue) -> dict[str, Any]:
    """What the form begins with."""
    asks = {f"ask_{name}": venue.fields.get(name, "off") for name in FIELD_NAMES}
    same = {name: getattr(venue, name) for name in _PLAIN}
    listed = {name: "\n".join(getattr(venue, name)) for name in ("own_addresses", "family_dns")}
    aliases = "\n".join(f"{name} = {meant}" for name, meant in sorted(venue.utm_aliases.items()))
    return {**same, **asks, **listed, "utm_aliases": aliases}
