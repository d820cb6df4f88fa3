"""The words of the reports' filters, tiles and keys."""

from flask_babel import lazy_gettext as _l

from portal.web.dashboard.blueprint import bp

VISITORS = {"new": _l("New"), "returning": _l("Returning")}
DEVICES = {
    "iphone": "iPhone",
    "android": "Android",
    "ipad": "iPad",
    "windows": "Windows",
    "mac": "Mac",
    "linux": "Linux",
    "other": _l("Other devices"),
}
WINDOWS = {"30m": _l("30 minutes"), "24h": _l("24 hours"), "7d": _l("7 days")}
ATTRIBUTIONS = {"visit": _l("its own source"), "first": _l("the guest's first source")}
FILTER_NAMES = {
    "source": _l("Source"),
    "kind": _l("Kind"),
    "campaign": _l("Campaign"),
    "visitors": _l("Guests"),
    "language": _l("Language"),
    "device": _l("Device"),
}
METRICS = {
    "visits": _l("Visits"),
    "verified": _l("Phones verified"),
    "rate": _l("Conversion"),
    "card": _l("Members"),
    "online": _l("Guests online"),
}
GRAINS = {"day": _l("Days"), "week": _l("Weeks"), "month": _l("Months")}
PRESET_KEYS = {"today": "KeyD", "week": "KeyW", "thirty": "KeyT", "month": "KeyM", "year": "KeyY"}
KEYS = (
    ("D", _l("today")),
    ("W", _l("7 days")),
    ("T", _l("30 days")),
    ("M", _l("this month")),
    ("Y", _l("this year")),
    ("← →", _l("the period before, the period after; in a graph, its points")),
    ("X", _l("with or without the period before")),
    ("Esc", _l("clear the filters")),
    ("?", _l("this list")),
)
# Of a new venue: what is reached, and what to do until it is.
MILESTONES = {
    "source": (_l("A source is made"), _l("A source is a place where guests can scan: a table, the receipt, the door.")),
    "sheet": (_l("Its sheet is printed"), _l("Open a source's sheets, print one and put it where guests sit.")),
    "scan": (_l("The first scan"), _l("Scan the printed code with your own phone: the visit appears within seconds.")),
    "sms": (_l("The first SMS"), _l("Leave your number on the page. If no SMS comes, look at the SMS settings.")),
    "member": (_l("The first member"), _l("Tick the card's box and type the code.")),
    "internet": (_l("The first internet session"), _l("Join the venue's Wi-Fi and go through the page.")),
}

_TABLES = {
    "VISITORS": VISITORS,
    "DEVICES": DEVICES,
    "WINDOWS": WINDOWS,
    "ATTRIBUTIONS": ATTRIBUTIONS,
    "FILTER_NAMES": FILTER_NAMES,
    "METRICS": METRICS,
    "GRAINS": GRAINS,
    "PRESET_KEYS": PRESET_KEYS,
    "KEYS": KEYS,
    "MILESTONES": MILESTONES,
}
bp.context_processor(lambda: _TABLES)
