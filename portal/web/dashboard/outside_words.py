"""Words about what leaves the house: alerts, webhooks, and what the journal says of keys and files."""

from datetime import date
from typing import Any

from flask_babel import format_date, format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.reporting.alert_words import told
from portal.reporting.alerts import Open
from portal.web.dashboard.blueprint import bp

ACTIONS = {
    "api.token": _l("made a key to the API"),
    "api.revoke": _l("revoked a key to the API"),
    "webhook.add": _l("added a webhook"),
    "webhook.secret": _l("looked at a webhook's secret"),
    "webhook.test": _l("tried a webhook"),
    "webhook.stop": _l("stopped a webhook"),
    "webhook.go_on": _l("let a webhook go on"),
    "webhook.remove": _l("removed a webhook"),
    "members.export": _l("downloaded members for advertising"),
}
DELIVERIES = {
    "queued": _l("waits"),
    "sending": _l("on its way"),
    "done": _l("arrived"),
    "failed": _l("given up"),
}
STOPPED = {
    "owner": _l("stopped by hand"),
    "gave_up": _l("took nothing for three days and was stopped"),
    "gone": _l("said that it wants no more (410) and was stopped"),
}
ERRORS = {
    "no_answer": _l("no answer"),
    "too_slow": _l("no answer within 10 seconds"),
    "certificate": _l("its certificate is not trusted"),
    "unknown_host": _l("no such host"),
    "private_address": _l("an address inside a private network: not allowed"),
    "bad_url": _l("not an https address"),
}


def alert_text(alert: Open) -> tuple[str, str]:
    """Title and text of an alert in the reader's language."""
    return told(alert, _, _day, _share)


def _day(iso: str) -> str:
    return str(format_date(date.fromisoformat(iso), "long"))


def _share(k: int, n: int) -> str:
    return str(format_percent(k / n)) if n else "–"


def outcome(status: int | None, error: str | None) -> Any:
    """What came of a try: the receiver's status, or why there was none."""
    return ERRORS.get(error or "", error or "") if status is None else f"HTTP {status}"


bp.context_processor(lambda: {"DELIVERIES": DELIVERIES, "STOPPED": STOPPED, "alert_text": alert_text, "outcome": outcome})
