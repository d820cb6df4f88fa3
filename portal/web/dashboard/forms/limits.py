"""Wi-Fi policy and SMS budget: numbers with their units."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, IntegerField, StringField, TelField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from portal.venues.models import Venue, WifiPolicy

_NUMBER = _l("Type a number.")
_CLOCK = r"^\s*([01]?\d|2[0-3]):[0-5]\d\s*$"


def _whole(label: object, low: int, high: int, message: object) -> IntegerField:
    return IntegerField(label, [InputRequired(_NUMBER), NumberRange(low, high, message)])


class _Megabits(DecimalField):
    """A number with a comma or a point, shown without zeros that say nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Russian writes 7,5."""
        super().process_formdata([one.replace(",", ".") for one in valuelist])


class WifiForm(FlaskForm):
    """Minutes and megabits, as people say them."""

    session_minutes = _whole(_l("Online for, minutes"), 5, 10080, _l("From 5 minutes to 7 days (10,080 minutes)."))
    idle_minutes = _whole(_l("Cut off when idle for, minutes"), 1, 1440, _l("From 1 to 1,440 minutes."))
    down_mbps = _Megabits(
        _l("Download, Mbit/s"), [InputRequired(_NUMBER), NumberRange(0.1, 1000, _l("From 0.1 to 1,000 Mbit/s."))], places=None
    )
    up_mbps = _Megabits(
        _l("Upload, Mbit/s"), [InputRequired(_NUMBER), NumberRange(0.1, 1000, _l("From 0.1 to 1,000 Mbit/s."))], places=None
    )
    devices_per_guest = _whole(_l("Devices per guest"), 1, 20, _l("From 1 to 20 devices."))
    closes_at = StringField(_l("The Wi-Fi closes at"), [Optional(), Regexp(_CLOCK, 0, _l("Type hours and minutes, like 23:30."))])
    day_minutes = _whole(_l("Minutes a day"), 0, 1440, _l("From 0 (no limit) to 1,440 minutes."))
    day_megabytes = _whole(_l("Megabytes a day"), 0, 1_000_000, _l("From 0 (no limit) to 1,000,000 megabytes."))
    interim_minutes = _whole(_l("The router reports every, minutes"), 1, 60, _l("From 1 to 60 minutes."))
    remember_days = _whole(_l("Remember devices for, days"), 0, 180, _l("From 0 (never) to 180 days."))
    remember_everywhere = BooleanField(_l("At all venues of this legal entity"))

    def values(self) -> dict[str, int | str | bool]:
        """What `venues.settings.edit_policy` takes: seconds and kbit/s."""
        return {
            "session_seconds": self.session_minutes.data * 60,
            "idle_seconds": self.idle_minutes.data * 60,
            "down_kbps": int(self.down_mbps.data * 1000),
            "up_kbps": int(self.up_mbps.data * 1000),
            "devices_per_guest": self.devices_per_guest.data,
            "closes_at": _clock(self.closes_at.data),
            "day_seconds": self.day_minutes.data * 60,
            "day_megabytes": self.day_megabytes.data,
            "interim_seconds": self.interim_minutes.data * 60,
            "remember_days": self.remember_days.data,
            "remember_everywhere": self.remember_everywhere.data,
        }


def _clock(typed: str | None) -> str:
    """ "9:30" as "09:30"."""
    return (typed or "").strip().rjust(5, "0") if (typed or "").strip() else ""


def _megabits(kilobits: int) -> Decimal:
    return Decimal(f"{kilobits / 1000:g}")


def stored_policy(policy: WifiPolicy) -> dict[str, int | str | Decimal]:
    """What the Wi-Fi form begins with."""
    return {
        "session_minutes": policy.session_seconds // 60,
        "idle_minutes": policy.idle_seconds // 60,
        "down_mbps": _megabits(policy.down_kbps),
        "up_mbps": _megabits(policy.up_kbps),
        "devices_per_guest": policy.devices_per_guest,
        "closes_at": policy.closes_at,
        "day_minutes": policy.day_seconds // 60,
        "day_megabytes": policy.day_megabytes,
        "interim_minutes": policy.interim_seconds // 60,
        "remember_days": policy.remember_days,
        "remember_everywhere": policy.remember_everywhere,
    }


class BudgetForm(FlaskForm):
    """Each path has its own budget, so that an attack on one leaves the other open."""

    per_minute_wifi = _whole(_l("SMS a minute on Wi-Fi"), 0, 600, _l("From 0 to 600 a minute."))
    roubles_wifi = _whole(_l("Roubles a day on Wi-Fi"), 0, 1_000_000, _l("From 0 to 1,000,000 roubles."))
    per_minute_qr = _whole(_l("SMS a minute on QR codes and links"), 0, 600, _l("From 0 to 600 a minute."))
    roubles_qr = _whole(_l("Roubles a day on QR codes and links"), 0, 1_000_000, _l("From 0 to 1,000,000 roubles."))

    stopped_wifi = BooleanField(_l("Send no SMS on Wi-Fi"))
    stopped_qr = BooleanField(_l("Send no SMS on QR codes and links"))

    def values(self) -> dict[str, int]:
        """What `venues.settings.edit_budgets` takes: kopecks."""
        return {
            "sms_per_minute_wifi": self.per_minute_wifi.data,
            "sms_day_kopecks_wifi": self.roubles_wifi.data * 100,
            "sms_per_minute_qr": self.per_minute_qr.data,
            "sms_day_kopecks_qr": self.roubles_qr.data * 100,
            "sms_stopped_wifi": self.stopped_wifi.data,
            "sms_stopped_qr": self.stopped_qr.data,
        }


class TestSmsForm(FlaskForm):
    """A number of one's own."""

    phone = TelField(
        _l("Your mobile number"),
        [
            InputRequired(_l("Type the whole number, such as +7 903 123-45-67.")),
            Length(max=60, message=_l("This is too long for a number.")),
        ],
    )


def stored_budget(venue: Venue) -> dict[str, int]:
    """What the budget form begins with."""
    return {
        "per_minute_wifi": venue.sms_per_minute_wifi,
        "roubles_wifi": venue.sms_day_kopecks_wifi // 100,
        "per_minute_qr": venue.sms_per_minute_qr,
        "roubles_qr": venue.sms_day_kopecks_qr // 100,
        "stopped_wifi": venue.sms_stopped_wifi,
        "stopped_qr": venue.sms_stopped_qr,
    }
