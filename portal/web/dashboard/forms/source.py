"""A placement."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DecimalField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.acquisition.models import SOURCE_KINDS
from portal.web.dashboard.forms.typed import text
from portal.web.dashboard.words import KINDS

_LONG = _l("At most 120 characters.")


class SourceForm(FlaskForm):
    """Kind and label first; what UTM links say and what the print cost are optional."""

    kind = SelectField(_l("Kind"), [InputRequired()], choices=[(kind, KINDS[kind]) for kind in SOURCE_KINDS])
    label = text(_l("Label"), 120, _LONG, _l("Give it a name that tells it from the others, such as “table 7”."))
    utm_source = text("utm_source", 120, _LONG)
    utm_medium = text("utm_medium", 120, _LONG)
    utm_campaign = text("utm_campaign", 120, _LONG)
    utm_content = text("utm_content", 120, _LONG)
    cost_roubles = DecimalField(
        _l("Cost, ₽"), [Optional(), NumberRange(0, 100_000_000, _l("From 0 to 100 million roubles."))], places=2, use_locale=False
    )
    printed_count = IntegerField(
        _l("Copies printed"), [Optional(), NumberRange(0, 10_000_000, _l("From 0 to 10 million copies."))]
    )

    def details(self) -> dict[str, str | int]:
        """What `acquisition.sources` takes besides kind and label; an empty utm_source is left as it is."""
        texts = {name: self[name].data for name in ("utm_source", "utm_medium", "utm_campaign", "utm_content")}
        if not texts["utm_source"]:
            del texts["utm_source"]
        kopecks = int((self.cost_roubles.data or Decimal(0)) * 100)
        return {**texts, "cost_kopecks": kopecks, "printed_count": self.printed_count.data or 0}
