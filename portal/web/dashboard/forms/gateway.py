"""A gateway's form, made from the options that its kind declares."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from portal.gateways.base import Option
from portal.gateways.registry import gateway
from portal.web.dashboard.gateway_words import LABELS

_TOO_LONG = _l("This is too long.")


class GatewayForm(FlaskForm):
    """What every kind has. `form_for` adds the kind's own."""

    option_names: tuple[str, ...] = ()
    base_url = StringField(_l("Address"), [InputRequired(_l("Type the address.")), Length(max=200, message=_TOO_LONG)])

    def options(self) -> dict[str, Any]:
        """What `venues.gateways` reads."""
        return {name: self._fields["option_" + name].data for name in self.option_names}

    def option_fields(self) -> list[tuple[str, Field]]:
        """The kind's own fields, with the options' names."""
        return [(name, self._fields["option_" + name]) for name in self.option_names]


class WithRadius(GatewayForm):
    """For kinds whose router asks over RADIUS."""

    nas_address = StringField(_l("RADIUS packets come from"), [MayBeEmpty(), Length(max=60, message=_TOO_LONG)])
    behind_nat = BooleanField(_l("The router is behind NAT: nothing can be sent to it"))


def form_for(kind: str) -> type[GatewayForm]:
    """The form's class for a kind of gateway."""
    known = gateway(kind)
    fields = {f"option_{option.name}": _field(option) for option in known.options}
    names = tuple(option.name for option in known.options)
    return type("KindForm", (WithRadius if known.uses_radius else GatewayForm,), {**fields, "option_names": names})


def stored(base_url: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of a gateway that is there begins with. Secrets stay out of pages."""
    return {"base_url": base_url, **{f"option_{name}": value for name, value in options.items()}}


def _field(option: Option) -> Any:
    label = LABELS.get(option.name, option.name)
    if option.shape == "switch":
        return BooleanField(label, default=bool(option.default))
    needed = [InputRequired(_l("Fill this in."))] if option.required and option.shape != "secret" else [MayBeEmpty()]
    if option.shape == "choice":
        return SelectField(label, needed, choices=[(one, one) for one in option.choices], default=option.default)
    kind = PasswordField if option.shape == "secret" else StringField
    return kind(label, [*needed, Length(max=400, message=_TOO_LONG)], default=str(option.default))
