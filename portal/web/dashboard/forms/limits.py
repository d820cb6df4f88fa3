"""Wi-Fi policy and SMS budget: numbers with their units."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DecimalField, IntegerField
from wtforms.validators import InputRequired, NumberRange

from portal.venues.models import Venue, WifiPolicy

_NUMBER = _l("Type a number.")


def _whole(label: object, low: int, high: int, message: object) -> IntegerField:
    return IntegerField(label, [InputRequired(_NUMBER), NumberRange(low, high, message)])


class WifiForm(FlaskForm):
    """Minutes and megabits, as people say them."""

    session_minutes = _whole(_l("Online for, minutes"), 5, 10080, _l("From 5 minutes to 7 days (10,080 minutes)."))
    idle_minutes = _whole(_l("Cut off when idle for, minutes"), 1, 1440, _l("From 1 to 1,440 minutes."))
    down_mbps = DecimalField(
        _l("Download, Mbit/s"), [InputRequired(_NUMBER), NumberRange(0.1, 1000, _l("From 0.1 to 1,000 Mbit/s."))]
    )
    up_mbps = DecimalField(
        _l("Upload, Mbit/s"), [InputRequired(_NUMBER), NumberRange(0.1, 1000, _l("From 0.1 to 1,000 Mbit/s."))]
    )
    devices_per_guest = _whole(_l("Devices per guest"), 1, 20, _l("From 1 to 20 devices."))

    def values(self) -> dict[str, int]:
        """What `venues.settings.edit_policy` takes: seconds and kbit/s."""
        return {
            "session_seconds": self.session_minutes.data * 60,
            "idle_seconds": self.idle_minutes.data * 60,
            "down_kbps": int(self.down_mbps.data * 1000),
            "up_kbps": int(self.up_mbps.data * 1000),
            "devices_per_guest": self.devices_per_guest.data,
        }


def _megabits(kilobits: int) -> Decimal:
    return Decimal(f"{kilobits / 1000:g}")


def stored_policy(policy: WifiPolicy) -> dict[str, int | Decimal]:
    """What the Wi-Fi form begins with."""
    return {
        "session_minutes": policy.session_seconds // 60,
        "idle_minutes": policy.idle_seconds // 60,
        "down_mbps": _megabits(policy.down_kbps),
        "up_mbps": _megabits(policy.up_kbps),
        "devices_per_guest": policy.devices_per_guest,
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
