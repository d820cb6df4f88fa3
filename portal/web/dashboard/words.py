"""The words that the dashboard has for codes of the product, and how it writes numbers and times."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Blueprint
from flask_babel import format_decimal, format_percent, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.reporting import words
from portal.reporting.statistics import Interval
from portal.web.dashboard import outside_words, staff_words
from portal.web.dashboard.source_words import ACTIONS as SOURCE_ACTIONS

KINDS = {
    "table_tent": _l("Table tent"),
    "receipt": _l("Receipt"),
    "delivery_sticker": _l("Delivery sticker"),
    "wifi": _l("Wi-Fi"),
    "checkout": _l("Checkout"),
    "menu": _l("Menu"),
    "packaging": _l("Packaging"),
    "staff_badge": _l("Staff badge"),
    "social": _l("Social network"),
    "website": _l("Website"),
    "paid": _l("Paid advertising"),
    "paper_form": _l("Paper form"),
    "custom": _l("Own kind"),
}
ROLES = {"owner": _l("Owner"), "marketer": _l("Marketer"), "staff": _l("Staff")}
STEPS = {step: _l(said) for step, said in words.STEPS.items()}
PRESETS = {
    "today": _l("Today"),
    "week": _l("7 days"),
    "four_weeks": _l("28 days"),
    "thirty": _l("30 days"),
    "month": _l("This month"),
    "last_month": _l("Last month"),
    "quarter": _l("90 days"),
    "year": _l("This year"),
    "twelve_months": _l("12 months"),
}
SMS_STATUSES = {
    "queued": _l("waiting to be sent"),
    "sending": _l("being sent"),
    "sent": _l("sent, no receipt yet"),
    "delivered": _l("delivered"),
    "failed": _l("not sent"),
    "unknown": _l("sent or not, being checked"),
    "expired": _l("too late to send"),
}
WIFI_STATES = {
    "waiting": _l("waits for the code"),
    "let_in": _l("let in, not seen online"),
    "online": _l("online"),
    "revoked": _l("disconnected"),
    "ended": _l("the time is over"),
}
ORDER_STATES = {
    "waiting": _l("not told yet"),
    "done": _l("has opened"),
    "failed": _l("did not open"),
    "expired": _l("did not answer in time"),
}
TASKS = {"put_out": _l("Disconnecting"), "change": _l("New time and speed")}
TASK_STATES = {
    "waiting": _l("under way"),
    "done": _l("done"),
    "failed": _l("not possible"),
    "expired": _l("given up: the time was over"),
}
REASONS = {
    "guest": _l("the guest's wish"),
    "staff": _l("the staff's word"),
    "withdrawn": _l("consent withdrawn"),
    "erased": _l("data erased"),
    "blocked": _l("blocked"),
    "expired": _l("the time is over"),
    "policy": _l("the rules were changed"),
}
ANSWERS = {
    "ACK": _l("the router confirmed"),
    "HTTP 200": _l("the router confirmed"),
    "not authorized any more": _l("the router confirmed"),
    "NAK: no such session": _l("the router knows no such session: it is over"),
    "no answer from the NAS": _l("the router does not answer"),
    "behind NAT: waits for its lease to end": _l("the router cannot be reached: it ends by itself within minutes"),
    "no session was open": _l("nothing was open"),
    "the session had ended": _l("it had ended already"),
    "holds from the next login": _l("holds from the next login"),
    "let in again": _l("let in again meanwhile"),
    "waits for the router": _l("waits until the router asks"),
}
PATHS = {"wifi": _l("Wi-Fi"), "qr": _l("QR code or link"), "me": _l("own data page")}
DOCUMENTS = {
    "wifi_terms": _l("Wi-Fi terms"),
    "privacy_policy": _l("Personal-data policy"),
    "card_consent": _l("Consent for the card"),
    "programme_rules": _l("Programme rules"),
    "advertising_sms": _l("Consent to advertising by SMS"),
    "advertising_email": _l("Consent to advertising by e-mail"),
}
LANGUAGE_NAMES = {"ru": "Русский", "en": "English"}
FIELDS = {
    "name": _l("Name"),
    "birthday": _l("Birthday"),
    "email": _l("E-mail"),
    "city": _l("City"),
    "custom": _l("Own question"),
}
FIELD_MODES = {"off": _l("do not ask"), "optional": _l("ask, may stay empty"), "required": _l("ask, must be filled")}
GROUNDS = {
    "operator_subscriber": _l("subscriber of an operator"),
    "operator_licence": _l("own operator's licence"),
    "owner_rules": _l("rules of the owner"),
}
ACTIONS = {
    **SOURCE_ACTIONS,
    "lookup": _l("looked a phone up"),
    "voucher": _l("made a voucher"),
    "venue.edit": _l("changed the venue"),
    "venue.live": _l("opened the venue to guests"),
    "venue.closed": _l("closed the venue to guests"),
    "document.edit": _l("edited a draft"),
    "document.new": _l("made a new draft"),
    "document.publish": _l("published a document"),
    "operator.edit": _l("changed the operator"),
    "wifi.edit": _l("changed the Wi-Fi policy"),
    "gateway.add": _l("added a gateway"),
    "gateway.edit": _l("changed a gateway"),
    "gateway.secrets": _l("looked at a gateway's secrets"),
    "gateway.rotate": _l("made new secrets for a gateway"),
    "gateway.remove": _l("deleted a gateway"),
    "access.block": _l("blocked on the Wi-Fi"),
    "access.unblock": _l("took a block back"),
    "access.disconnect": _l("disconnected a device"),
    "lookup.number": _l("looked a Wi-Fi number up"),
    "sms.edit": _l("changed the SMS budget"),
    "sms.resume": _l("let SMS go on"),
    "note.add": _l("noted on the graph"),
    "note.remove": _l("took a note off the graph"),
    "export": _l("downloaded a report"),
    "register.export": _l("exported the Wi-Fi register"),
    **staff_words.ACTIONS,
    **outside_words.ACTIONS,
}
ASKED = {"phone": _l("phone"), "mac": _l("MAC"), "time": _l("time")}
ALARMS = {
    "budget_80": _l("the day's budget is used up to 80 %"),
    "budget_100": _l("the day's budget is spent: SMS stand still until midnight"),
    "slow": _l("few codes are used: half the speed"),
    "stopped": _l("hardly any code is used: SMS were stopped for an hour"),
    "no_money": _l("the SMS account is empty"),
    "bad_credentials": _l("the SMS account refused the key"),
    "bad_signature": _l("the SMS account refused the sender name"),
}
PLACEHOLDERS = {
    "operator_name": _l("name of the legal entity"),
    "inn": _l("INN"),
    "ogrn": _l("OGRN or OGRNIP"),
    "operator_address": _l("address of the legal entity"),
    "contact_email": _l("e-mail for requests about data"),
    "rkn_notification": _l("number in Roskomnadzor's register of operators"),
    "processors": _l("who works on the data for you"),
    "venue_name": _l("name of the venue"),
    "venue_address": _l("address of the venue"),
}


def obstacle(code: str) -> str:
    """What stands between a venue and its guests, from the codes of `consent.documents.obstacles_to_live`."""
    what, _colon, rest = code.partition(":")
    if what == "document":
        kind, _colon, language = rest.partition(":")
        return _("Not published: %(document)s, %(language)s", document=DOCUMENTS[kind], language=LANGUAGE_NAMES[language])
    return _("Not filled in: %(what)s", what=PLACEHOLDERS[rest or what])


def install(bp: Blueprint) -> None:
    """Give the words and filters to the templates."""
    tables = {
        "KINDS": KINDS,
        "ROLES": ROLES,
        "STEPS": STEPS,
        "PRESETS": PRESETS,
        "SMS_STATUSES": SMS_STATUSES,
        "PATHS": PATHS,
        "WIFI_STATES": WIFI_STATES,
        "ORDER_STATES": ORDER_STATES,
        "TASKS": TASKS,
        "TASK_STATES": TASK_STATES,
        "REASONS": REASONS,
        "ANSWERS": ANSWERS,
        "DOCUMENTS": DOCUMENTS,
        "LANGUAGE_NAMES": LANGUAGE_NAMES,
        "ACTIONS": ACTIONS,
        "ALARMS": ALARMS,
        "ASKED": ASKED,
        "PLACEHOLDERS": PLACEHOLDERS,
    }
    bp.context_processor(lambda: tables)
    for filter_ in (whole, percent, between, roubles, local_time, obstacle):
        bp.add_app_template_filter(filter_)


def whole(number: float) -> str:
    """A count with the language's separators."""
    return str(format_decimal(number, format="#,##0"))


def percent(share: float | None) -> str:
    """A share with one decimal place; a dash when there is nothing to divide by."""
    if share is None:
        return "–"
    return str(format_percent(share, get_locale().percent_formats[None].pattern.replace("##0", "##0.0")))


def between(interval: Interval) -> str:
    """Both ends of an interval, with one sign for the two."""
    return f"{format_decimal(interval.low * 100, format='#,##0.0')}–{percent(interval.high)}"


def roubles(kopecks: int) -> str:
    """Money: whole roubles when there are no kopecks."""
    return str(format_decimal(kopecks / 100, format="#,##0" if kopecks % 100 == 0 else "#,##0.00")) + "\N{NO-BREAK SPACE}₽"


def local_time(at: datetime | None, timezone: str = "UTC") -> str:
    """A moment in a venue's zone; in UTC, and saying so, where there is no venue."""
    if at is None:
        return "–"
    day, hour = (format_skeleton(parts, at, ZoneInfo(timezone), locale=get_locale()) for parts in ("yMMMd", "Hm"))
    shown = f"{day}, {hour}"
    return f"{shown} UTC" if timezone == "UTC" else shown
