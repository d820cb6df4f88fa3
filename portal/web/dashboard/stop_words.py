"""Where guests stop, in words, and what a venue can do about each place."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.reporting.stops import Stop, Stops
from portal.reporting.words import STOPS

_ADVICE: dict[str, Any] = {
    "no_phone": _l(
        "Say on the sheet and on the page what the guest gets. Ask for fewer fields. Look whether the page opens "
        "quickly on the Wi-Fi."
    ),
    "refused": _l("The day's budget or a limit of numbers was reached. Look at the SMS settings and raise what is too tight."),
    "wrong_number": _l(
        "The number was mistyped or does not exist. The page offers to change it; if there are many, check the "
        "countries in the venue's settings."
    ),
    "no_sms": _l(
        "The code was not sent or did not arrive. Look at the SMS account: money, sender name, the carrier. Staff "
        "codes let a guest in meanwhile."
    ),
    "wrong_code": _l(
        "A code was typed but never the right one. If there are many, look for an attack or a late SMS: the older "
        "code may have been typed."
    ),
    "gave_up": _l(
        "The SMS went out and nothing followed. Compare its delivery times: a slow SMS loses guests. Show on the "
        "table where the code goes."
    ),
    "no_internet": _l(
        "The phone was proven but the device did not come online. Open the gateway's check list: the router may not "
        "ask, or not answer."
    ),
}


@dataclass(frozen=True, slots=True)
class ToldStop:
    """A place where guests stop, in words."""

    name: str
    label: Any
    advice: Any
    stop: Stop


def told(stops: Stops) -> list[ToldStop]:
    """In the order of the guest's way."""
    return [ToldStop(name, _l(said), _ADVICE[name], getattr(stops, name)) for name, said in STOPS.items()]
