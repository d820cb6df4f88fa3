"""Colleagues: who they are, and what they may see."""

from collections.abc import Sequence
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, ValidationError
from wtforms.validators import InputRequired

from portal.staff.models import ROLES
from portal.venues.models import Venue
from portal.web.dashboard.forms.typed import email, text
from portal.web.dashboard.forms.venue import Checks
from portal.web.dashboard.words import ROLES as ROLE_NAMES

_LONG = _l("Too long: shorten it.")


class PersonForm(FlaskForm):
    """Role and venues. No box ticked means every venue, those of the future too."""

    role = SelectField(_l("Role"), [InputRequired()], choices=[(role, ROLE_NAMES[role]) for role in ROLES])
    venues = Checks(_l("Only these venues"), coerce=int)

    def offer_venues(self, venues: Sequence[Venue]) -> None:
        """Fill the list with the organization's own."""
        self.venues.choices = [(venue.id, ", ".join(part for part in (venue.name, venue.city) if part)) for venue in venues]

    def values(self, within: Sequence[int]) -> dict[str, Any]:
        """What `staff.people` takes. Nobody gives more than the venues `within` which they are themselves (none: all)."""
        return {"role": self.role.data, "venue_ids": list(self.venues.data or within)}


class InviteForm(PersonForm):
    """Somebody new."""

    email = email(_l("E-mail"), 200, _LONG, _l("The invitation goes there: type it."))
    name = text(_l("Name"), 120, _LONG, _l("Your colleagues see it in the journal: type it."))

    def validate_email(self, field: Field) -> None:
        """An address that a letter can be sent to."""
        try:
            found = validate_email(field.data, check_deliverability=False, allow_smtputf8=False)
        except EmailNotValidError:
            raise ValidationError(_("Write it as name@example.ru.")) from None
        field.data = found.normalized.lower()
