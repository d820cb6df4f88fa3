"""What an official request asks for."""

from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, StringField, TelField
from wtforms.validators import Length, Optional

from portal.core.mac import Mac, parse_mac
from portal.core.phone import Phone, PhoneRefused, parse_phone
from portal.privacy.register import Asked
from portal.web.dashboard.forms.typed import one_line, text

_LONG = _l("Too long: shorten it.")
_MOMENT = "%Y-%m-%dT%H:%M"


class RegisterForm(FlaskForm):
    """By phone, by MAC, or by time alone; the time narrows the other two. The number is sent in the body only."""

    basis = text(
        _l("Whose request, its number and date"), 300, _LONG, _l("Name the request: it is written down with the export.")
    )
    phone = TelField(_l("Phone"), [Length(max=60, message=_LONG)])
    mac = StringField(_l("MAC of the device"), [Length(max=40, message=_LONG)], filters=[one_line])
    begins = DateTimeLocalField(_l("From"), [Optional()], format=_MOMENT)
    ends = DateTimeLocalField(_l("To"), [Optional()], format=_MOMENT)

    def asked(self, timezone: str, regions: tuple[str, ...]) -> Asked | None:
        """The request, with its times in the venue's zone; None, with what is wrong beside the field."""
        zone = ZoneInfo(timezone)
        phone, mac = self._phone(regions), self._mac()
        begins, ends = (field.data.replace(tzinfo=zone) if field.data else None for field in (self.begins, self.ends))
        if begins and ends and begins >= ends:
            self.ends.errors = [_("The end is before the beginning: swap them.")]
        if not (self.phone.data or self.mac.data or (begins and ends)):
            self.phone.errors = [_("Fill in the phone, the MAC, or both times: the whole register is never handed over.")]
        return None if self.errors else Asked(phone, mac, begins, ends)

    def _phone(self, regions: tuple[str, ...]) -> Phone | None:
        try:
            return parse_phone(self.phone.data, regions) if self.phone.data else None
        except PhoneRefused:
            self.phone.errors = [_("This is not a mobile number. Check every digit.")]
            return None

    def _mac(self) -> Mac | None:
        try:
            return parse_mac(self.mac.data) if self.mac.data else None
        except ValueError:
            self.mac.errors = [_("Write it as 02:aa:bb:cc:dd:ee.")]
            return None
