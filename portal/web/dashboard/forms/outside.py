"""What an owner fills in for programs outside: keys to the API, addresses of webhooks."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, ValidationError

from portal.venues.models import Venue
from portal.web.dashboard.forms.typed import text
from portal.web.dashboard.forms.venue import Checks
from portal.webhooks import addresses
from portal.webhooks.addresses import BadAddress


class ScopedForm(FlaskForm):
    """No box ticked means every venue, those of the future too."""

    venues = Checks(_l("Only these venues"), coerce=int)

    def offer_venues(self, venues: Sequence[Venue]) -> None:
        """Fill the list with those in sight."""
        self.venues.choices = [(venue.id, ", ".join(part for part in (venue.name, venue.city) if part)) for venue in venues]

    def venue_ids(self, within: Sequence[int]) -> list[int]:
        """Those ticked; with none ticked what the person may see themselves (none: all)."""
        return list(self.venues.data or ()) or list(within)


class TokenForm(ScopedForm):
    """A new key."""

    name = text(_l("Name of the key"), 80, _l("At most 80 characters."), _l("Say what uses it, such as “reports in the till”."))


class WebhookForm(ScopedForm):
    """A new address. `demo` takes plain http too."""

    demo = False

    url = text(_l("Address"), addresses.LONGEST, _l("At most 300 characters."), _l("Type the address that takes the messages."))
    with_phone = BooleanField(_l("With the phone number"))

    def validate_url(self, field: Field) -> None:
        """An https address without a login in it."""
        try:
            addresses.read(field.data, demo=self.demo)
        except BadAddress:
            raise ValidationError(
                _("Write an https address without a login in it, such as https://crm.example.ru/vestibule.")
            ) from None
